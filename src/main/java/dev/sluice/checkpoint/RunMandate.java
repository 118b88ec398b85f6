package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.RUN_WANTED;

import dev.sluice.database.Database;
import dev.sluice.database.Identity;
import dev.sluice.database.schema.tables.records.RunWantedRecord;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;

/**
 * What is wanted of a run, and its live settings, stored in the target. A change locks the checkpoints, and so waits
 * for batches in flight: nothing that contradicts it commits after it has returned.
 */
public final class RunMandate {
    /** How long a change waits for batches in flight before it gives up; well over any sane target time. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private final DSLContext sql;

    public RunMandate(Database database) {
        this.sql = database.sql();
    }

    /**
     * @param wanted of the run
     * @param tuning its settings
     * @param systemIdentifier of the cluster it began on
     * @param databaseName of the database it began on
     */
    public record Mandate(Wanted wanted, Tuning tuning, String systemIdentifier, String databaseName) {}

    /** Writes the first mandate of a run, wanted running; a repeated call changes nothing. */
    public void create(UUID run, String job, String fingerprint, Tuning tuning, Identity identity) {
        sql.insertInto(RUN_WANTED)
                .set(RUN_WANTED.RUN_ID, run)
                .set(RUN_WANTED.JOB, job)
                .set(RUN_WANTED.FINGERPRINT, fingerprint)
                .set(RUN_WANTED.WANTED, Wanted.RUNNING.code())
                .set(RUN_WANTED.TARGET_MILLIS, tuning.targetMillis())
                .set(RUN_WANTED.BATCH_SIZE, tuning.batchSize())
                .set(RUN_WANTED.ROWS_PER_SECOND, tuning.rowsPerSecond())
                .set(RUN_WANTED.WAL_PER_HOUR, tuning.walPerHour())
                .set(RUN_WANTED.CORES, tuning.cores())
                .set(RUN_WANTED.SYSTEM_IDENTIFIER, identity.systemIdentifier())
                .set(RUN_WANTED.DATABASE_NAME, identity.databaseName())
                .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                .onConflictDoNothing()
                .execute();
    }

    /** Reads it; empty when the run never began here. */
    public Optional<Mandate> read(UUID run) {
        return sql.selectFrom(RUN_WANTED).where(RUN_WANTED.RUN_ID.eq(run)).fetchOptional(RunMandate::mandate);
    }

    /**
     * Changes what is wanted. Stopping also puts fresh tokens on the checkpoints, so that nothing of a frozen worker
     * commits, even after a later resume.
     *
     * @return false when the run never began here, and so nothing can commit anyway
     */
    public boolean want(UUID run, Wanted wanted) {
        return sql.transactionResult(tx -> {
            DSLContext c = patient(tx.dsl());
            int rows = c.update(RUN_WANTED)
                    .set(RUN_WANTED.WANTED, wanted.code())
                    .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .execute();
            var update = c.update(CHECKPOINT).set(CHECKPOINT.WANTED, wanted.code());
            if (wanted == Wanted.STOPPED) {
                update = update.set(CHECKPOINT.TOKEN, DSL.field("gen_random_uuid()", UUID.class));
            }
            update.where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.DONE.isFalse()).execute();
            return rows == 1;
        });
    }

    /** Changes the settings; every partition's next batch uses them. False when the run never began here. */
    public boolean tune(UUID run, Tuning tuning) {
        return sql.transactionResult(tx -> {
            DSLContext c = patient(tx.dsl());
            int rows = c.update(RUN_WANTED)
                    .set(RUN_WANTED.TARGET_MILLIS, tuning.targetMillis())
                    .set(RUN_WANTED.BATCH_SIZE, tuning.batchSize())
                    .set(RUN_WANTED.ROWS_PER_SECOND, tuning.rowsPerSecond())
                    .set(RUN_WANTED.WAL_PER_HOUR, tuning.walPerHour())
                    .set(RUN_WANTED.CORES, tuning.cores())
                    .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .execute();
            c.update(CHECKPOINT)
                    .set(CHECKPOINT.TARGET_MILLIS, tuning.targetMillis())
                    .set(CHECKPOINT.BATCH_SIZE, tuning.batchSize())
                    .set(CHECKPOINT.ROWS_PER_SECOND, tuning.rowsPerSecond())
                    .set(CHECKPOINT.WAL_PER_HOUR, tuning.walPerHour())
                    .set(CHECKPOINT.CORES, tuning.cores())
                    .where(CHECKPOINT.RUN_ID.eq(run), CHECKPOINT.DONE.isFalse())
                    .execute();
            return rows == 1;
        });
    }

    /** A transaction that waits for batches in flight. */
    static DSLContext patient(DSLContext c) {
        c.execute("SET LOCAL lock_timeout = " + PATIENCE.toMillis());
        return c;
    }

    /** The settings of a run's mandate. */
    static Tuning tuning(RunWantedRecord r) {
        return new Tuning(r.getTargetMillis(), r.getBatchSize(), r.getRowsPerSecond(), r.getWalPerHour(), r.getCores());
    }

    private static Mandate mandate(RunWantedRecord r) {
        return new Mandate(Wanted.of(r.getWanted()), tuning(r), r.getSystemIdentifier(), r.getDatabaseName());
    }
}
