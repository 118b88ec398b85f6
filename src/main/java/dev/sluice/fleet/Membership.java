package dev.sluice.fleet;

import static dev.sluice.database.schema.Tables.WORKER;

import dev.sluice.database.Database;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/** This worker's row of {@code sluice.worker}. May be used by several threads. */
public final class Membership {
    private static final Field<OffsetDateTime> CLOCK =
            DSL.field("clock_timestamp()", SQLDataType.TIMESTAMPWITHTIMEZONE);
    /** Rows of the dead are kept so long, for whoever looks into what happened. */
    private static final Duration DEAD_KEPT = Duration.ofDays(1);

    private final Database control;
    private final Member me;
    private final Time time;
    private boolean left;
    /** By the database's clock; null when the one before this was missed. */
    private @Nullable OffsetDateTime last;

    private @Nullable OffsetDateTime unbrokenSince;

    /**
     * @param control where the table is, migrated
     * @param me this worker
     * @param time its clock, to be compared
     */
    public Membership(Database control, Member me, Time time) {
        this.control = control;
        this.me = me;
        this.time = time;
    }

    /**
     * Shows a sign of life, and looks at the clock and for workers of the same name. Does nothing after {@link #leave}.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not answer
     */
    public synchronized HeartbeatResult beat() {
        if (left) {
            return new HeartbeatResult(false, Optional.empty(), List.of(), false);
        }
        try {
            return control.sql()
                    .connectionResult(connection ->
                            beat(DSL.using(connection, control.sql().dialect())));
        } catch (DataAccessException e) {
            last = null;
            throw control.unavailable(e);
        }
    }

    private HeartbeatResult beat(DSLContext sql) {
        Optional<ClockReading> clock =
                Optional.of(ClockReading.of(time, () -> now(sql))).filter(ClockReading::isCertain);
        Long offset = clock.map(c -> c.offset().toMillis()).orElse(null);
        Optional<OffsetDateTime> touched = sql.update(WORKER)
                .set(WORKER.HEARTBEAT_AT, CLOCK)
                .set(WORKER.CLOCK_OFFSET_MILLIS, DSL.coalesce(DSL.val(offset), WORKER.CLOCK_OFFSET_MILLIS))
                .where(WORKER.INSTANCE.eq(me.instance()))
                .returning(WORKER.HEARTBEAT_AT)
                .fetchOptional(WORKER.HEARTBEAT_AT);
        count(touched.orElseGet(() -> join(sql, offset)));
        return new HeartbeatResult(touched.isEmpty(), clock, twins(sql), isEldest(sql));
    }

    private static Instant now(DSLContext sql) {
        return sql.select(CLOCK).fetchSingle().value1().toInstant();
    }

    private OffsetDateTime join(DSLContext sql, @Nullable Long offset) {
        forgetDead(sql);
        return sql.insertInto(WORKER)
                .set(WORKER.INSTANCE, me.instance())
                .set(WORKER.NAME, me.name())
                .set(WORKER.VERSION, me.version())
                .set(WORKER.STARTED_AT, CLOCK)
                .set(WORKER.HEARTBEAT_AT, CLOCK)
                .set(WORKER.CLOCK_OFFSET_MILLIS, offset)
                .returningResult(WORKER.HEARTBEAT_AT)
                .fetchSingle()
                .value1();
    }

    /**
     * Removes workers, with what they held, that have shown no sign of life for a day.
     *
     * @param control the control database; its errors come as jOOQ's DataAccessException
     */
    public static void forgetDead(DSLContext control) {
        control.deleteFrom(WORKER).where(WORKER.HEARTBEAT_AT.lt(ago(DEAD_KEPT))).execute();
    }

    private void count(OffsetDateTime now) {
        boolean unbroken = last != null
                && Duration.between(last, now).compareTo(me.heartbeat().multipliedBy(2)) <= 0;
        if (!unbroken) {
            unbrokenSince = now;
        }
        last = now;
    }

    private boolean isEldest(DSLContext sql) {
        return sql.select(WORKER.INSTANCE)
                .from(WORKER)
                .where(isLive(me.takeover()))
                .orderBy(WORKER.STARTED_AT, WORKER.INSTANCE)
                .limit(1)
                .fetchOptional(WORKER.INSTANCE)
                .filter(me.instance()::equals)
                .isPresent();
    }

    private List<String> twins(DSLContext sql) {
        var own = WORKER.as("own");
        return sql.select(WORKER.INSTANCE)
                .from(WORKER)
                .join(own)
                .on(own.INSTANCE.eq(me.instance()))
                .where(WORKER.NAME.eq(me.name()), WORKER.INSTANCE.ne(me.instance()), isLive(me.takeover()))
                .and(WORKER.HEARTBEAT_AT.gt(own.STARTED_AT))
                .orderBy(WORKER.INSTANCE)
                .fetch(r -> r.value1().toString());
    }

    /**
     * Whether the silence of another worker is its own: this one has shown its signs of life for the takeover time
     * without missing any. After an outage of the database everybody has been silent, and the first to come back must
     * not take the others for dead.
     */
    public synchronized boolean maySayWhoIsDead() {
        return last != null
                && unbrokenSince != null
                && Duration.between(unbrokenSince, last).compareTo(me.takeover()) >= 0;
    }

    /**
     * Takes the row away, and with it what this worker holds; nothing is written any more. Where the last sign of life
     * could not be written, nobody waits for the database again, and a row that is there counts until the takeover time
     * is over.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not answer; the row is there still,
     *     and counts until the takeover time is over
     */
    public synchronized void leave() {
        left = true;
        if (last == null) {
            return;
        }
        try {
            control.sql()
                    .deleteFrom(WORKER)
                    .where(WORKER.INSTANCE.eq(me.instance()))
                    .execute();
        } catch (DataAccessException e) {
            throw control.unavailable(e);
        }
    }

    /** Of the rows of {@code sluice.worker}: whose sign of life is younger than this. */
    static Condition isLive(Duration takeover) {
        return WORKER.HEARTBEAT_AT.gt(ago(takeover));
    }

    private static Field<OffsetDateTime> ago(Duration length) {
        return DSL.field(
                "clock_timestamp() - {0} * interval '1 millisecond'",
                SQLDataType.TIMESTAMPWITHTIMEZONE, DSL.val(length.toMillis()));
    }
}
