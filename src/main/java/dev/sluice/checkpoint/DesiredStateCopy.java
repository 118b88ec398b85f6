package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.RUN_WANTED;

import dev.sluice.database.schema.tables.records.RunWantedRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.impl.DSL;

/**
 * What a run's row says of what is wanted, and of which each of its checkpoints has a copy.
 *
 * @param wanted of the run
 * @param tuning its settings
 */
record DesiredStateCopy(Wanted wanted, Tuning tuning) {
    DesiredStateCopy with(Wanted other) {
        return new DesiredStateCopy(other, tuning);
    }

    DesiredStateCopy with(Tuning other) {
        return new DesiredStateCopy(wanted, other);
    }

    static DesiredStateCopy of(RunWantedRecord r) {
        return new DesiredStateCopy(Wanted.of(r.getWanted()), DesiredState.tuning(r));
    }

    /** As columns of the run's row. */
    Map<Field<?>, Object> mandate() {
        Map<Field<?>, Object> values = new LinkedHashMap<>();
        values.put(RUN_WANTED.WANTED, wanted.code());
        values.put(RUN_WANTED.TARGET_MILLIS, tuning.targetMillis());
        values.put(RUN_WANTED.BATCH_SIZE, tuning.batchSize());
        values.put(RUN_WANTED.ROWS_PER_SECOND, tuning.rowsPerSecond());
        values.put(RUN_WANTED.WAL_PER_HOUR, tuning.walPerHour());
        values.put(RUN_WANTED.CORES, tuning.cores());
        return values;
    }

    /** As columns of a checkpoint; a stop also puts a fresh token on it. */
    Map<Field<?>, Object> checkpoint() {
        Map<Field<?>, Object> values = new LinkedHashMap<>();
        values.put(CHECKPOINT.WANTED, wanted.code());
        values.put(CHECKPOINT.TARGET_MILLIS, tuning.targetMillis());
        values.put(CHECKPOINT.BATCH_SIZE, tuning.batchSize());
        values.put(CHECKPOINT.ROWS_PER_SECOND, tuning.rowsPerSecond());
        values.put(CHECKPOINT.WAL_PER_HOUR, tuning.walPerHour());
        values.put(CHECKPOINT.CORES, tuning.cores());
        if (wanted == Wanted.STOPPED) {
            values.put(CHECKPOINT.TOKEN, DSL.field("gen_random_uuid()", UUID.class));
        }
        return values;
    }

    /** The checkpoints that have another copy. */
    Condition differs() {
        return DSL.or(
                CHECKPOINT.WANTED.ne(wanted.code()),
                CHECKPOINT.TARGET_MILLIS.ne(tuning.targetMillis()),
                CHECKPOINT.BATCH_SIZE.ne(tuning.batchSize()),
                CHECKPOINT.ROWS_PER_SECOND.isDistinctFrom(tuning.rowsPerSecond()),
                CHECKPOINT.WAL_PER_HOUR.isDistinctFrom(tuning.walPerHour()),
                CHECKPOINT.CORES.isDistinctFrom(tuning.cores()));
    }
}
