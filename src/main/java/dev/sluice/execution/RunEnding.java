package dev.sluice.execution;

import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import dev.sluice.run.Evidence;
import dev.sluice.run.JsonColumn;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.RunTable;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jooq.Field;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The moves of a run that its carrier makes, each with its event, each made once however often it is tried. */
final class RunEnding {
    private static final Logger LOG = LoggerFactory.getLogger(RunEnding.class);

    private final RunTable table;
    private final Databases databases;
    private final RetryLoop retryLoop;
    private final Actor actor;
    private final String owner;

    /**
     * @param worker for the events
     * @param carrier as the lanes have it
     */
    RunEnding(RunTable table, Databases databases, RetryLoop retryLoop, String worker, String owner) {
        this.owner = owner;
        this.table = table;
        this.databases = databases;
        this.retryLoop = retryLoop;
        this.actor = Actor.worker(worker);
    }

    /**
     * Moves a run on, unless it has moved since it was read: by a pause, a cancel, another worker, or this very move
     * whose answer was lost. The caller reads it again either way.
     */
    void move(RunRecord row, RunState to, Map<Field<?>, ?> more, String action, Map<String, Object> detail)
            throws Stop, RunFailed, InterruptedException {
        retryLoop.insist("state", () -> {
            RunRecord now = table.get(row.getId());
            if (!now.getState().equals(row.getState()) || !now.getPass().equals(row.getPass())) {
                return false;
            }
            try {
                table.sql().transaction(tx -> RunTable.move(tx.dsl(), row, to, more, actor, action, detail));
                return true;
            } catch (Problem e) {
                if (e.code().equals("run-moved")) {
                    return false;
                }
                throw e;
            }
        });
    }

    /** Moves a run to the state it ends in. */
    void end(
            RunRecord row, RunState to, RunStatus.@Nullable Failure failure, @Nullable Evidence evidence, String action)
            throws Stop, RunFailed, InterruptedException {
        Map<Field<?>, Object> more = new LinkedHashMap<>();
        more.put(RUN.FINISHED_AT, RunTable.CLOCK);
        more.put(RUN.FAILURE, DSL.val(JsonColumn.write(failure)));
        more.put(RUN.EVIDENCE, DSL.val(JsonColumn.write(evidence)));
        // without a condition there is nothing to look at again
        more.put(
                RUN.VERIFIED_AT,
                evidence != null && evidence.condition() != null
                        ? RunTable.ago(ago(row, evidence.lookedAt()))
                        : DSL.castNull(RUN.VERIFIED_AT));
        move(row, to, more, action, failure == null ? Map.of() : Map.of("code", failure.code()));
    }

    /** For how long a moment of the target's clock is over; the control database's may differ. */
    private Duration ago(RunRecord row, Instant moment) throws Stop, RunFailed, InterruptedException {
        Database target = databases.get(row.getDatabase());
        Duration ago = Duration.between(moment, retryLoop.insist("clock", target::clock));
        return ago.isNegative() ? Duration.ZERO : ago;
    }

    /**
     * Replaces the evidence of a succeeded run by newer.
     *
     * @throws Stop when another worker conducts it now: what this one saw may be old
     */
    void renew(RunRecord row, Evidence evidence) throws Stop, RunFailed, InterruptedException {
        int renewed = retryLoop.insist(
                "state",
                () -> table.sql()
                        .update(RUN)
                        .set(RUN.EVIDENCE, JsonColumn.write(evidence))
                        .set(RUN.VERIFIED_AT, RunTable.CLOCK)
                        .where(
                                RUN.ID.eq(row.getId()),
                                RUN.STATE.eq(RunState.SUCCEEDED.code()),
                                LaneTable.isOwned(new LaneId(row.getId(), 0), owner))
                        .execute());
        if (renewed == 0) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    /** Writes what ended a run that cannot go on. */
    void fail(UUID run, RunStatus.Failure failure) throws Stop, InterruptedException {
        try {
            RunRecord row = retryLoop.insist("state", () -> table.get(run));
            boolean elsewhere = failure.code().equals(IdentityCheck.DIFFERS)
                    || failure.code().equals("unknown-database");
            if (row.getState().equals(RunState.SUCCEEDED.code()) && !elsewhere) {
                // its rows were to be looked at again, and cannot be: the gate must not stay open on old evidence
                end(row, RunState.INCOMPLETE, failure, null, "run.incomplete");
                return;
            }
            if (!RunState.of(row.getState()).isLive()) {
                return;
            }
            if (row.getStartedAt() != null && !elsewhere) {
                stop(run, databases.get(row.getDatabase()));
            }
            end(row, RunState.FAILED, failure, null, "run.failed");
        } catch (RunFailed second) {
            throw new IllegalStateException(
                    "the failure of run " + run + " cannot be written: " + failure.message(), second);
        }
    }

    /**
     * Best effort: a target that refuses even this, such as a login that is not allowed any more, is why the run fails.
     */
    private void stop(UUID run, Database target) throws Stop, InterruptedException {
        try {
            retryLoop.insist("checkpoint", () -> new DesiredState(target).want(run, Wanted.STOPPED));
        } catch (RunFailed refused) {
            LOG.warn(
                    "run {} fails, and its target could not be told: {}",
                    run,
                    refused.failure().message());
        }
    }

    /**
     * Makes the target agree with the control database. They differ when a pause or a cancel reached the target and
     * then failed in the control database: whoever asked was told that nothing was changed.
     */
    void heal(UUID run) throws Stop, RunFailed, InterruptedException {
        retryLoop.insist("state", () -> {
            databases.aroundTargets().sql().transaction(tx -> {
                RunTable.mayBeIdle(tx.dsl());
                RunRecord row = RunTable.lock(tx.dsl(), run);
                DesiredState desiredState = new DesiredState(databases.get(row.getDatabase()));
                RunState state = RunState.of(row.getState());
                if (state.isLive()
                        && state != RunState.PAUSED
                        && desiredState
                                .read(run)
                                .filter(m -> m.wanted() != Wanted.RUNNING)
                                .isPresent()) {
                    desiredState.want(run, Wanted.RUNNING);
                }
            });
            return true;
        });
    }
}
