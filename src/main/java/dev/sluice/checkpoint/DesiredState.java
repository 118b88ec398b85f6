package dev.sluice.checkpoint;

import static dev.sluice.database.schema.Tables.CHECKPOINT;
import static dev.sluice.database.schema.Tables.RUN_WANTED;

import dev.sluice.database.Database;
import dev.sluice.database.Identity;
import dev.sluice.database.SessionDefaults;
import dev.sluice.database.schema.tables.records.RunWantedRecord;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * What is wanted of a run, and its live settings, stored in the target.
 *
 * <p>A pause, a cancel and a change of settings are made in two steps, like the stop of everything
 * ({@link DatabaseStop}). First the run's row is changed and committed: every batch looks at it when it begins, so none
 * begins from then on. Then the checkpoints, one by one, under their locks: each waits for the batch in flight there,
 * and all of those end together, so that the whole takes as long as one batch, however many lanes there are. Nothing
 * that contradicts the change commits after it has returned. Where it cannot be made, it is taken back.
 */
public final class DesiredState {
    /** How long a change waits for batches in flight before it gives up; well over any sane target time. */
    public static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int STOP_TRIES = 5;

    private static final Field<OffsetDateTime> CHANGE_UNTIL = DSL.field(
            "clock_timestamp() + {0} * interval '1 second'",
            SQLDataType.TIMESTAMPWITHTIMEZONE, DSL.val(PATIENCE.toSeconds()));
    private static final Field<Double> CHANGED_AGO =
            DSL.field("extract(epoch FROM clock_timestamp() - {0})::float8", Double.class, RUN_WANTED.CHANGED_AT);

    private final DSLContext sql;

    public DesiredState(Database database) {
        this.sql = database.sql();
    }

    /**
     * @param wanted of the run
     * @param tuning its settings
     * @param systemIdentifier of the cluster it began on
     * @param databaseName of the database it began on
     */
    public record Mandate(Wanted wanted, Tuning tuning, String systemIdentifier, String databaseName) {}

    /**
     * Writes the first mandate of a run, wanted running; a repeated call changes nothing.
     *
     * @param session what the run's SQL means, to its end
     */
    public void create(
            UUID run, String job, String fingerprint, Tuning tuning, Identity identity, SessionDefaults session) {
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
                .set(RUN_WANTED.SEARCH_PATH, session.searchPath().value())
                .set(RUN_WANTED.TIME_ZONE, session.timeZone().value())
                .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                .onConflictDoNothing()
                .execute();
    }

    /** Reads it; empty when the run never began here. */
    public Optional<Mandate> read(UUID run) {
        return sql.selectFrom(RUN_WANTED).where(RUN_WANTED.RUN_ID.eq(run)).fetchOptional(DesiredState::mandate);
    }

    /** What database and role gave its sessions when the run began; empty when it never began here. */
    public Optional<SessionDefaults> session(UUID run) {
        return sql.select(RUN_WANTED.SEARCH_PATH, RUN_WANTED.TIME_ZONE)
                .from(RUN_WANTED)
                .where(RUN_WANTED.RUN_ID.eq(run))
                .fetchOptional(r -> SessionDefaults.noted(r.value1(), r.value2()));
    }

    /** Whether the settings of the run are just being changed, so that no batch of it begins. */
    public boolean isChanging(UUID run) {
        return sql.fetchExists(RUN_WANTED, RUN_WANTED.RUN_ID.eq(run), RUN_WANTED.CHANGE_UNTIL.gt(Checkpoints.CLOCK));
    }

    /**
     * Changes what is wanted. Stopping also puts fresh tokens on the checkpoints, so that nothing of a frozen worker
     * commits, even after a later resume.
     *
     * @return false when the run never began here, and so nothing can commit anyway
     * @throws Problem CONFLICT {@code changed-meanwhile} when somebody else has changed it at the same time
     */
    public boolean want(UUID run, Wanted wanted) {
        return switch (wanted) {
            case RUNNING -> release(run);
            case PAUSED -> change(run, false, before -> before.with(wanted));
            case STOPPED -> stop(run);
        };
    }

    /** Whatever somebody else changes at the same time, it is stopped in the end. */
    private boolean stop(UUID run) {
        for (int tries = 1; ; tries++) {
            try {
                return change(run, false, before -> before.with(Wanted.STOPPED));
            } catch (Problem overtaken) {
                if (tries == STOP_TRIES) {
                    throw overtaken;
                }
            }
        }
    }

    /**
     * Changes the settings; every partition's next batch uses them.
     *
     * @return false when the run never began here
     * @throws Problem CONFLICT {@code changed-meanwhile} when somebody else has changed it at the same time
     */
    public boolean tune(UUID run, Tuning tuning) {
        return change(run, true, before -> before.with(tuning));
    }

    /** Nothing is in flight that would have to be waited for: both steps at once. */
    private boolean release(UUID run) {
        return sql.transactionResult(tx -> {
            DSLContext c = patient(tx.dsl());
            int rows = c.update(RUN_WANTED)
                    .set(RUN_WANTED.WANTED, Wanted.RUNNING.code())
                    .setNull(RUN_WANTED.CHANGE_UNTIL)
                    .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .execute();
            c.update(CHECKPOINT)
                    .set(CHECKPOINT.WANTED, Wanted.RUNNING.code())
                    .where(open(run), CHECKPOINT.WANTED.ne(Wanted.RUNNING.code()))
                    .execute();
            return rows == 1;
        });
    }

    /** A change that has been noted in the run's row. */
    private record Noted(DesiredStateCopy before, DesiredStateCopy after, OffsetDateTime at) {}

    private boolean change(UUID run, boolean settings, UnaryOperator<DesiredStateCopy> change) {
        Optional<Noted> noted = note(run, settings, change);
        if (noted.isEmpty()) {
            return false;
        }
        try {
            copy(run, noted.get());
            sql.update(RUN_WANTED)
                    .setNull(RUN_WANTED.CHANGE_UNTIL)
                    .where(noted(run, noted.get()))
                    .execute();
            return true;
        } catch (RuntimeException e) {
            takeBack(run, noted.get(), e);
            throw e;
        }
    }

    /** From its commit on no batch begins. */
    private Optional<Noted> note(UUID run, boolean settings, UnaryOperator<DesiredStateCopy> change) {
        return sql.transactionResult(tx -> {
            DSLContext c = patient(tx.dsl());
            RunWantedRecord row = c.selectFrom(RUN_WANTED)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .forUpdate()
                    .fetchOne();
            if (row == null) {
                return Optional.empty();
            }
            DesiredStateCopy before = DesiredStateCopy.of(row);
            DesiredStateCopy after = change.apply(before);
            OffsetDateTime at = c.update(RUN_WANTED)
                    .set(after.mandate())
                    .set(RUN_WANTED.CHANGE_UNTIL, settings ? CHANGE_UNTIL : DSL.castNull(CHANGE_UNTIL))
                    .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                    .where(RUN_WANTED.RUN_ID.eq(run))
                    .returning(RUN_WANTED.CHANGED_AT)
                    .fetchSingle()
                    .getChangedAt();
            return Optional.of(new Noted(before, after, at));
        });
    }

    /** Whoever waits for a batch here has no other checkpoint locked, so that nobody waits in a circle. */
    private void copy(UUID run, Noted noted) {
        var inFlight = sql.transactionResult(tx -> {
            DSLContext c = tx.dsl();
            requireNoted(c, run, noted);
            copyWhereFree(c, run, noted.after);
            return c.select(CHECKPOINT.PASS, CHECKPOINT.PARTITION)
                    .from(CHECKPOINT)
                    .where(open(run), noted.after.differs())
                    .fetch(r -> new PartitionId(run, r.value1(), r.value2()));
        });
        for (PartitionId id : inFlight) {
            sql.transaction(tx -> {
                DSLContext c = tx.dsl();
                c.execute("SET LOCAL lock_timeout = " + requireNoted(c, run, noted));
                c.update(CHECKPOINT)
                        .set(noted.after.checkpoint())
                        .where(Checkpoints.is(id), CHECKPOINT.DONE.isFalse(), noted.after.differs())
                        .execute();
            });
        }
    }

    /** Those without a batch in flight, without waiting for any. */
    private static void copyWhereFree(DSLContext c, UUID run, DesiredStateCopy after) {
        var free = DSL.name("free")
                .as(DSL.select(CHECKPOINT.PASS, CHECKPOINT.PARTITION)
                        .from(CHECKPOINT)
                        .where(open(run), after.differs())
                        .forUpdate()
                        .skipLocked());
        c.with(free)
                .update(CHECKPOINT)
                .set(after.checkpoint())
                .from(free)
                .where(
                        CHECKPOINT.RUN_ID.eq(run),
                        CHECKPOINT.PASS.eq(free.field(CHECKPOINT.PASS)),
                        CHECKPOINT.PARTITION.eq(free.field(CHECKPOINT.PARTITION)))
                .execute();
    }

    /**
     * Keeps the run's row as it was noted until the transaction ends: a caller that was frozen must not put an old wish
     * on a checkpoint.
     *
     * @return milliseconds that are left to wait, at least 1
     */
    private static long requireNoted(DSLContext c, UUID run, Noted noted) {
        double ago = c.select(CHANGED_AGO)
                .from(RUN_WANTED)
                .where(noted(run, noted))
                .forShare()
                .fetchOptional(CHANGED_AGO)
                .orElseThrow(() -> new Problem(
                        Problem.Kind.CONFLICT,
                        "changed-meanwhile",
                        "Run " + run
                                + " was changed by somebody else at the same time. Look at it again, then decide."));
        return Math.max(1, PATIENCE.toMillis() - (long) (ago * 1000));
    }

    private static Condition noted(UUID run, Noted noted) {
        return RUN_WANTED.RUN_ID.eq(run).and(RUN_WANTED.CHANGED_AT.eq(noted.at));
    }

    /**
     * As it was before, unless somebody has changed it since. Nothing is waited for: what is in flight has no copy yet.
     */
    private void takeBack(UUID run, Noted noted, RuntimeException why) {
        try {
            sql.transaction(tx -> {
                int rows = tx.dsl()
                        .update(RUN_WANTED)
                        .set(noted.before.mandate())
                        .setNull(RUN_WANTED.CHANGE_UNTIL)
                        .set(RUN_WANTED.CHANGED_AT, Checkpoints.CLOCK)
                        .where(noted(run, noted))
                        .execute();
                if (rows == 1) {
                    tx.dsl()
                            .update(CHECKPOINT)
                            .set(noted.before.checkpoint())
                            .where(open(run), noted.before.differs())
                            .execute();
                }
            });
        } catch (RuntimeException e) {
            why.addSuppressed(e); // the run's conductor finds out when it is taken up again
        }
    }

    private static Condition open(UUID run) {
        return CHECKPOINT.RUN_ID.eq(run).and(CHECKPOINT.DONE.isFalse());
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
