package dev.sluice.run;

import static dev.sluice.database.schema.Tables.LANE;
import static dev.sluice.database.schema.Tables.RUN;
import static dev.sluice.database.schema.Tables.RUN_TIME;

import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.LaneRecord;
import dev.sluice.database.schema.tables.records.RunTimeRecord;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.QuantifiedSelect;
import org.jooq.Record1;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/**
 * The lanes of the runs in the control database: who carries each, and its last sign of life, by the database's clock.
 * Database errors come as jOOQ's DataAccessException.
 */
public final class LaneTable {
    /** Reason of a lane that has nothing left to walk, and waits for the run's other lanes. */
    public static final String WAITS = "other-lanes";

    private static final List<String> LIVE = Arrays.stream(RunState.values())
            .filter(RunState::isLive)
            .map(RunState::code)
            .toList();
    private static final List<String> WORKED = Arrays.stream(RunState.values())
            .filter(s -> s.isLive() && s != RunState.PAUSED)
            .map(RunState::code)
            .toList();

    private final DSLContext sql;

    public LaneTable(Database control) {
        this.sql = control.sql();
    }

    /** Makes the lane that conducts a new run. */
    static void create(DSLContext tx, UUID run) {
        tx.insertInto(LANE)
                .set(LANE.RUN_ID, run)
                .set(LANE.LANE_, 0)
                .set(LANE.WANTED_AT, RunTable.CLOCK)
                .execute();
    }

    /** A run is wanted again: its conducting lane has until the takeover time to be taken. */
    static void wanted(DSLContext tx, UUID run) {
        tx.update(LANE)
                .set(LANE.WANTED_AT, RunTable.CLOCK)
                .setNull(LANE.HEARTBEAT_AT)
                .where(LANE.RUN_ID.eq(run), LANE.LANE_.eq(0))
                .execute();
    }

    /** Makes a further lane; false when it is there already. */
    public boolean open(LaneId id) {
        return sql.insertInto(LANE)
                        .set(LANE.RUN_ID, id.run())
                        .set(LANE.LANE_, id.lane())
                        .set(LANE.WANTED_AT, RunTable.CLOCK)
                        .onConflictDoNothing()
                        .execute()
                == 1;
    }

    /**
     * Makes this worker the carrier, whoever had the lane before; false when the run needs none, or the lane is gone. A
     * succeeded run needs its conductor to be verified again.
     */
    public boolean take(LaneId id, String owner) {
        return sql.update(LANE)
                        .set(LANE.OWNER, owner)
                        .set(LANE.HEARTBEAT_AT, RunTable.CLOCK)
                        .where(is(id), DSL.exists(runIn(id, WORKED)))
                        .execute()
                == 1;
    }

    /** Gives a lane back, so that another worker may take it at once. */
    public void giveBack(LaneId id, String owner) {
        sql.update(LANE)
                .setNull(LANE.OWNER)
                .setNull(LANE.HEARTBEAT_AT)
                .setNull(LANE.HOLD)
                .setNull(LANE.ROWS_PER_SECOND)
                .setNull(LANE.NEXT_BATCH_SIZE)
                .setNull(LANE.STRIPES)
                .setNull(LANE.PACE)
                .where(is(id), LANE.OWNER.eq(owner))
                .execute();
    }

    /** Removes a lane that has no work left, unless another worker has it by now. */
    public void close(LaneId id, String owner) {
        sql.deleteFrom(LANE).where(is(id), LANE.OWNER.eq(owner)).execute();
    }

    /**
     * Removes those of these lanes that nobody carries: they were given back and not taken since, or their carriers
     * have shown no sign of life for so long. Asked again and again while others work: one look, and mostly nothing
     * else.
     *
     * @return those that are not there now, so that nobody can take them any more
     */
    public List<Integer> withdraw(UUID run, List<Integer> numbers, Duration silence) {
        Condition these = LANE.RUN_ID.eq(run).and(LANE.LANE_.in(numbers));
        Condition free = LANE.OWNER.isNull().or(LANE.HEARTBEAT_AT.lt(RunTable.ago(silence)));
        List<Integer> there = sql.select(LANE.LANE_, DSL.field(free)).from(LANE).where(these).fetch().stream()
                .filter(r -> !Boolean.TRUE.equals(r.value2())
                        || sql.deleteFrom(LANE)
                                        .where(is(new LaneId(run, r.value1())), free)
                                        .execute()
                                == 0)
                .map(r -> r.value1())
                .toList();
        return numbers.stream().filter(n -> !there.contains(n)).toList();
    }

    /** Removes the side lanes of a run that nobody carries: there is no work for them now. */
    public void withdrawUnowned(UUID run) {
        sql.deleteFrom(LANE)
                .where(LANE.RUN_ID.eq(run), LANE.LANE_.ne(0), LANE.OWNER.isNull())
                .execute();
    }

    /** A sign of life with what is known; false when another worker carries the lane now, or the run is not live. */
    public boolean beat(
            LaneId id,
            String owner,
            @Nullable Double rate,
            @Nullable Integer nextBatch,
            @Nullable Integer stripes,
            @Nullable Double pace,
            @Nullable String hold) {
        return sql.update(LANE)
                        .set(LANE.HEARTBEAT_AT, RunTable.CLOCK)
                        .set(LANE.ROWS_PER_SECOND, rate)
                        .set(LANE.NEXT_BATCH_SIZE, nextBatch)
                        .set(LANE.STRIPES, stripes)
                        .set(LANE.PACE, pace)
                        .set(LANE.HOLD, hold)
                        .where(is(id), LANE.OWNER.eq(owner), DSL.exists(runIn(id, LIVE)))
                        .execute()
                == 1;
    }

    /** Adds to where the run's time went, in seconds. */
    public void spent(UUID run, double working, double paced, double held) {
        sql.insertInto(RUN_TIME)
                .set(RUN_TIME.RUN_ID, run)
                .set(RUN_TIME.WORKING_SECONDS, working)
                .set(RUN_TIME.PACED_SECONDS, paced)
                .set(RUN_TIME.HELD_SECONDS, held)
                .onConflict(RUN_TIME.RUN_ID)
                .doUpdate()
                .set(RUN_TIME.WORKING_SECONDS, RUN_TIME.WORKING_SECONDS.plus(working))
                .set(RUN_TIME.PACED_SECONDS, RUN_TIME.PACED_SECONDS.plus(paced))
                .set(RUN_TIME.HELD_SECONDS, RUN_TIME.HELD_SECONDS.plus(held))
                .execute();
    }

    /** Where the time of these runs went so far, as their lanes have told; of one that tells nothing, nothing. */
    Map<UUID, RunTimeRecord> spent(Collection<UUID> runs) {
        return sql.selectFrom(RUN_TIME).where(RUN_TIME.RUN_ID.eq(any(runs))).fetchMap(RUN_TIME.RUN_ID);
    }

    /** The clock of their signs of life. */
    OffsetDateTime now() {
        return sql.select(RunTable.CLOCK).fetchSingle().value1();
    }

    /** The lanes of these runs, those of each in order. */
    public Map<UUID, List<LaneRecord>> of(Collection<UUID> runs) {
        return sql.selectFrom(LANE)
                .where(LANE.RUN_ID.eq(any(runs)))
                .orderBy(LANE.RUN_ID, LANE.LANE_)
                .fetchGroups(LANE.RUN_ID, r -> r);
    }

    private static QuantifiedSelect<Record1<UUID>> any(Collection<UUID> runs) {
        return DSL.any(runs.toArray(UUID[]::new));
    }

    /**
     * Lanes that share a limit.
     *
     * @param ofRun those of one run
     * @param onDatabase those of all runs on that run's database
     */
    public record Company(int ofRun, int onDatabase) {}

    /**
     * The lanes that are carried, have shown a sign of life lately, and do not wait for others: what they leave of a
     * limit is for those that work.
     */
    public Company alive(UUID run, Duration silence) {
        return sql.select(DSL.count().filterWhere(LANE.RUN_ID.eq(run)), DSL.count())
                .from(LANE)
                .join(RUN)
                .on(RUN.ID.eq(LANE.RUN_ID))
                .where(LANE.OWNER.isNotNull(), LANE.HEARTBEAT_AT.ge(RunTable.ago(silence)))
                .and("coalesce({0}::jsonb ->> 'reason', '') <> {1}", LANE.HOLD, DSL.inline(WAITS))
                .and(RUN.DATABASE.eq(DSL.select(RUN.as("this").DATABASE)
                        .from(RUN.as("this"))
                        .where(RUN.as("this").ID.eq(run))))
                .fetchSingle(r -> new Company(r.value1(), r.value2()));
    }

    /** This one has work again, and takes part in the limits at once. */
    public void works(LaneId id) {
        sql.update(LANE).setNull(LANE.HOLD).where(is(id)).execute();
    }

    /** Lanes that should be carried and showed no sign of life for so long. */
    List<LaneId> orphanedLanes(Duration silence) {
        return sql.select(LANE.RUN_ID, LANE.LANE_)
                .from(LANE)
                .join(RUN)
                .on(RUN.ID.eq(LANE.RUN_ID))
                .where(RUN.STATE.in(WORKED))
                .and(DSL.coalesce(LANE.HEARTBEAT_AT, LANE.WANTED_AT).lt(RunTable.ago(silence)))
                .orderBy(LANE.LANE_, RUN.CREATED_AT)
                .fetch(r -> new LaneId(r.value1(), r.value2()));
    }

    /** Whether somebody carries the lane, and has shown a sign of life within this long. */
    public boolean isOwned(LaneId id, Duration silence) {
        return sql.fetchExists(LANE, is(id), LANE.OWNER.isNotNull(), LANE.HEARTBEAT_AT.ge(RunTable.ago(silence)));
    }

    /** That this one carries the lane. */
    public static Condition isOwned(LaneId id, String owner) {
        return DSL.exists(DSL.selectOne().from(LANE).where(is(id), LANE.OWNER.eq(owner)));
    }

    private static Condition is(LaneId id) {
        return LANE.RUN_ID.eq(id.run()).and(LANE.LANE_.eq(id.lane()));
    }

    private static org.jooq.Select<?> runIn(LaneId id, List<String> states) {
        Condition state = RUN.STATE.in(states);
        return DSL.selectOne()
                .from(RUN)
                .where(RUN.ID.eq(id.run()), id.conducts() ? state.or(RUN.STATE.eq(RunState.SUCCEEDED.code())) : state);
    }
}
