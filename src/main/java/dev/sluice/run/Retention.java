package dev.sluice.run;

import static dev.sluice.database.schema.Tables.IDEMPOTENCY_KEY;
import static dev.sluice.database.schema.Tables.LANE;
import static dev.sluice.database.schema.Tables.RUN;
import static dev.sluice.database.schema.Tables.RUN_TIME;

import dev.sluice.checkpoint.OldRuns;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.EventLog;
import dev.sluice.fleet.Membership;
import dev.sluice.job.JobReader;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes runs that ended long ago, with all that is kept of them, and old lines of the event log, a few at a time.
 *
 * <p>A run stays, however old, where it is the newest of its job, where it is live, and where it is needed to tell that
 * a later start would change the same rows again: of each definition the newest run that was held against those before
 * it, the last one that says that rows were changed, and every run of a job that is not repeatable and has begun.
 *
 * <p>The target's rows of a run go first, inside the transaction of the control database that then removes the run, and
 * holds its row locked meanwhile: a crash in between leaves the run itself, which is found and removed again.
 */
public final class Retention {
    /** Runs and events, so many a round at most. */
    static final int AT_A_TIME = 50;

    private static final int EVENTS_AT_A_TIME = 1000;
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final List<String> ENDED = Arrays.stream(RunState.values())
            .filter(s -> !s.isLive())
            .map(RunState::code)
            .toList();

    private final Databases databases;
    private final Duration runs;
    private final Duration events;
    /** Where the next round goes on, so that runs that stay do not keep the others from being looked at. */
    private Optional<RunRecord> lookedAt = Optional.empty();

    private final Set<String> told = new HashSet<>();

    /**
     * @param databases where runs are
     * @param runs how long an ended run is kept
     * @param events how long a line of the event log is kept that may go at all
     */
    public Retention(Databases databases, Duration runs, Duration events) {
        this.databases = databases;
        this.runs = runs;
        this.events = events;
    }

    /**
     * Removes some of what is too old.
     *
     * @return how many runs it has removed
     * @throws Problem UNAVAILABLE when the control database does not answer
     */
    public synchronized int round() {
        DSLContext control = databases.control().sql();
        try {
            List<RunRecord> old = candidates(control);
            int removed = 0;
            for (RunRecord run : old) {
                removed += removed(run) ? 1 : 0;
            }
            lookedAt = old.size() < AT_A_TIME ? Optional.empty() : Optional.of(old.getLast());
            RunQueue.forget(control);
            Membership.forgetDead(control);
            int lines = new EventLog(control).removeOld(events, EVENTS_AT_A_TIME);
            if (removed > 0 || lines > 0) {
                LOG.info("retention: removed {} run(s) and {} line(s) of the event log", removed, lines);
            }
            return removed;
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    /** Ended long ago, with a newer run of their job, and nobody at work on them; the oldest first. */
    private List<RunRecord> candidates(DSLContext control) {
        Condition rest = lookedAt.map(r -> DSL.row(RUN.CREATED_AT, RUN.ID).gt(r.getCreatedAt(), r.getId()))
                .orElseGet(DSL::trueCondition);
        return control.selectFrom(RUN)
                .where(isOld(), rest)
                .orderBy(RUN.CREATED_AT, RUN.ID)
                .limit(AT_A_TIME)
                .fetch();
    }

    private Condition isOld() {
        var newer = RUN.as("newer");
        return RUN.STATE
                .in(ENDED)
                .and(DSL.greatest(RUN.CREATED_AT, RUN.FINISHED_AT, RUN.VERIFIED_AT)
                        .lt(RunTable.ago(runs)))
                .andExists(
                        DSL.selectOne().from(newer).where(newer.JOB.eq(RUN.JOB), newer.CREATED_AT.gt(RUN.CREATED_AT)))
                .andNotExists(DSL.selectOne()
                        .from(LANE)
                        .where(LANE.RUN_ID.eq(RUN.ID), LANE.OWNER.isNotNull())
                        .and(LANE.HEARTBEAT_AT.gt(RunTable.ago(runs))));
    }

    private boolean removed(RunRecord run) {
        try {
            Database target = databases.get(run.getDatabase());
            return databases.aroundTargets().sql().transactionResult(tx -> remove(tx.dsl(), run.getId(), target));
        } catch (Problem e) {
            tell(run, e);
        } catch (DataAccessException e) {
            tell(run, databases.control().unavailable(e));
        }
        return false;
    }

    /** Once per database and reason: the round comes again. */
    private void tell(RunRecord run, Problem e) {
        if (told.add(run.getDatabase() + " " + e.code())) {
            LOG.warn("retention: runs on database \"{}\" stay: {}", run.getDatabase(), e.getMessage());
        }
    }

    /** @return false where the run has to stay, or another worker is at it */
    private boolean remove(DSLContext tx, UUID id, Database target) {
        RunTable.mayBeIdle(tx);
        Optional<RunRecord> locked = tx.selectFrom(RUN)
                .where(RUN.ID.eq(id), isOld())
                .forUpdate()
                .skipLocked()
                .fetchOptional();
        if (locked.isEmpty()) {
            return false;
        }
        RunRecord run = locked.get();
        try {
            OldRuns there = new OldRuns(target);
            if (run.getStartedAt() != null && !isDispensable(tx, run, there)) {
                return false;
            }
            there.remove(id);
        } catch (DataAccessException e) {
            throw target.unavailable(e);
        }
        tx.deleteFrom(LANE).where(LANE.RUN_ID.eq(id)).execute();
        tx.deleteFrom(RUN_TIME).where(RUN_TIME.RUN_ID.eq(id)).execute();
        tx.deleteFrom(IDEMPOTENCY_KEY).where(IDEMPOTENCY_KEY.RUN_ID.eq(id)).execute();
        return tx.deleteFrom(RUN).where(RUN.ID.eq(id)).execute() == 1;
    }

    /** Whether nobody needs it to tell that a later start would change the same rows again. */
    private static boolean isDispensable(DSLContext tx, RunRecord run, OldRuns there) {
        if (!JobReader.canRead(run.getDefinition())
                || !Repeatable.byDefinition(JobReader.fromDefinition(run.getDefinition()))) {
            return false;
        }
        boolean heldAgainst = tx.fetchExists(DSL.selectOne()
                .from(RUN)
                .where(RUN.JOB.eq(run.getJob()), RUN.FINGERPRINT.eq(run.getFingerprint()))
                .and(RUN.CREATED_AT.gt(run.getCreatedAt()))
                .and(RUN.STARTED_AT.isNotNull())
                .and(RUN.AGAIN.isFalse()));
        return heldAgainst
                && (!there.hasChanged(run.getId())
                        || there.hasAnotherChanged(run.getId(), run.getJob(), run.getFingerprint()));
    }
}
