package dev.sluice.event;

import static dev.sluice.database.schema.Tables.EVENT;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
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
