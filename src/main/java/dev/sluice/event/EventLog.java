package dev.sluice.event;

import static dev.sluice.database.schema.Tables.DEFINITION;
import static dev.sluice.database.schema.Tables.EVENT;
import static dev.sluice.database.schema.Tables.RUN;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/** {@link Events} in the table {@code sluice.event} of the control database. */
public final class EventLog implements Events {
    /** The database's clock as it is now, not as it was when the transaction began. */
    private static final Field<OffsetDateTime> NOW = DSL.field("clock_timestamp()", SQLDataType.TIMESTAMPWITHTIMEZONE);

    private static final TypeReference<Map<String, Object>> DETAIL = new TypeReference<>() {};
    private static final ObjectMapper JSON = JsonMapper.builder()
            .addModules(new JavaTimeModule(), new Jdk8Module())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS, SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
            .build();

    private final DSLContext control;

    /** @param control the control database; inside a transaction of it the lines commit with that transaction */
    public EventLog(DSLContext control) {
        this.control = control;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException where {@code detail} holds what Jackson cannot write
     * @throws org.jooq.exception.DataAccessException where the database cannot store it
     */
    @Override
    public void append(
            Actor actor, String action, @Nullable String job, @Nullable UUID run, Map<String, Object> detail) {
        control.insertInto(EVENT)
                .set(EVENT.AT, NOW)
                .set(EVENT.ACTOR, actor.name())
                .set(EVENT.ACTION, action)
                .set(EVENT.JOB, job)
                .set(EVENT.RUN_ID, run)
                .set(EVENT.DETAIL, write(detail))
                .execute();
    }

    @Override
    public List<Event> list(Optional<String> job, Optional<UUID> run, long after, int limit) {
        Condition filter = EVENT.ID
                .gt(after)
                .and(job.map(EVENT.JOB::eq).orElseGet(DSL::trueCondition))
                .and(run.map(EVENT.RUN_ID::eq).orElseGet(DSL::trueCondition));
        var rows = control.selectFrom(EVENT)
                .where(filter)
                .orderBy(after == 0 ? EVENT.ID.desc() : EVENT.ID.asc())
                .limit(limit)
                .fetch();
        return rows.stream()
                .map(r -> new Event(
                        r.getId(),
                        r.getAt().toInstant(),
                        r.getActor(),
                        r.getAction(),
                        r.getJob(),
                        r.getRunId(),
                        read(r.getDetail())))
                .sorted(Comparator.comparingLong(Event::id))
                .toList();
    }

    /**
     * Removes lines that may go: older than this, no approval, override or switch, and of no job or of one that has
     * neither a run nor a definition any more. The table itself refuses to give up any other line.
     *
     * @param age how old they are at least; under 31 days the table refuses
     * @param most so many at a time
     * @return how many went
     * @throws org.jooq.exception.DataAccessException where the database cannot be asked
     */
    public int removeOld(Duration age, int most) {
        return control.transactionResult(tx -> {
            tx.dsl().execute("SET LOCAL sluice.retention = 'on'");
            return tx.dsl()
                    .deleteFrom(EVENT)
                    .where(EVENT.ID.in(DSL.select(EVENT.ID)
                            .from(EVENT)
                            .where(EVENT.AT.lt(DSL.field(
                                    "clock_timestamp() - {0} * interval '1 millisecond'",
                                    SQLDataType.TIMESTAMPWITHTIMEZONE, DSL.val(age.toMillis()))))
                            .and(EVENT.ACTION.notLike("%approv%"))
                            .and(EVENT.ACTION.notLike("%overrid%"))
                            .and(EVENT.ACTION.notLike("%switch%"))
                            .andNotExists(DSL.selectOne().from(RUN).where(RUN.JOB.eq(EVENT.JOB)))
                            .andNotExists(DSL.selectOne().from(DEFINITION).where(DEFINITION.JOB.eq(EVENT.JOB)))
                            .orderBy(EVENT.AT)
                            .limit(most)))
                    .execute();
        });
    }

    private static String write(Map<String, Object> detail) {
        try {
            return JSON.writeValueAsString(detail);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "an event's detail cannot be written as JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static Map<String, Object> read(String detail) {
        try {
            return JSON.readValue(detail, DETAIL);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("sluice.event holds a detail that is not a JSON object", e);
        }
    }
}
