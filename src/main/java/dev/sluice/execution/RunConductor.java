package dev.sluice.execution;

import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.UnchangedRange;
import dev.sluice.checkpoint.VerificationRounds;
import dev.sluice.database.Identity;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.Evidence;
import dev.sluice.run.Repeatable;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.RunTable;
import dev.sluice.run.StatusView;
import dev.sluice.verify.Verification;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jooq.Field;

/** One run in this worker's hands: each step reads the run's row, does what its state asks for, and moves it on. */
final class RunConductor {
    private final RunEnvironment world;
    private final UUID run;
    private final RetryLoop retryLoop;
    private final ResolvedJob resolved;
    private final PassBeginning passes;
    private final Checkpoints checkpoints;
    private final VerificationRounds rounds;
    private final PassWalk walk;
    private final StopAll stopAll;
    private final RunEnding ending;
    private final FreshStatistics statistics;

    RunConductor(
            RunEnvironment world,
            UUID run,
            RetryLoop retryLoop,
            PassBeginning passes,
            PassWalk walk,
            RunEnding ending) {
        this.world = world;
        this.run = run;
        this.retryLoop = retryLoop;
        this.passes = passes;
        this.resolved = passes.prepared();
        this.checkpoints = new Checkpoints(resolved.database());
        this.rounds = new VerificationRounds(resolved.database());
        this.walk = walk;
        this.stopAll = walk.stopAll();
        this.ending = ending;
        this.statistics = new FreshStatistics(retryLoop, passes, stopAll, world.time());
    }

    /**
     * Does steps until the run ends.
     *
     * @return how it ended
     */
    RunState execute() throws Stop, RunFailed, InterruptedException {
        boolean wasLive = false;
        while (true) {
            RunRecord row = row();
            RunState state = RunState.of(row.getState());
            if (state.isLive() && state != RunState.PAUSED && stopAll.isNoted() && stopAll.held()) {
                wasLive = true;
                continue;
            }
            switch (state) {
                case QUEUED -> begin(row);
                case RUNNING, SWEEPING -> {
                    walk(pass(row));
                    ending.move(row, RunState.VERIFYING, Map.of(), "run.verifying", Map.of("pass", row.getPass()));
                }
                case VERIFYING -> verify(row);
                case PAUSED -> throw new Stop(Stop.Reason.NOT_WANTED);
                case SUCCEEDED -> {
                    if (!wasLive) {
                        new EvidenceRenewal(passes, retryLoop, checkpoints, walk.gently(), ending).renew(row);
                    }
                    return RunState.of(row().getState()); // what was looked at may hold no longer
                }
                case INCOMPLETE, FAILED, CANCELLED -> {
                    return RunState.of(row.getState());
                }
            }
            wasLive = true;
        }
    }

    private void begin(RunRecord row) throws Stop, RunFailed, InterruptedException {
        if (row.getStartedAt() != null) {
            goOn(row);
            return;
        }
        Identity identity =
                retryLoop.insist("identity", () -> resolved.database().identity());
        // each step may have been done by a worker that died after it, and then changes nothing
        long estimate = estimate();
        retryLoop.insist("checkpoint", () -> {
            new DesiredState(resolved.database())
                    .create(
                            row.getId(),
                            row.getJob(),
                            row.getFingerprint(),
                            StatusView.firstTuning(resolved.job()),
                            identity,
                            resolved.rows().defaults());
            passes.change(row.getId(), 0, Pass.Kind.MIGRATE);
            return true;
        });
        ending.move(row, RunState.RUNNING, start(identity, estimate), "run.started", Map.of("estimatedRows", estimate));
    }

    private long estimate() throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist("estimate", () -> Estimate.rows(resolved.database(), resolved.facts()));
    }

    /** What a run notes when it begins. */
    private static Map<Field<?>, Object> start(Identity identity, long estimate) {
        Map<Field<?>, Object> start = new LinkedHashMap<>();
        start.put(RUN.ESTIMATED_ROWS, estimate);
        start.put(RUN.SYSTEM_IDENTIFIER, identity.systemIdentifier());
        start.put(RUN.DATABASE_NAME, identity.databaseName());
        start.put(RUN.TIMELINE, identity.timeline());
        start.put(RUN.STARTED_AT, RunTable.CLOCK);
        return start;
    }

    /**
     * Where the run stopped. A target that lost its last commits in a failover may have lost a pass too: its rows went
     * back with it, so the run goes on from the pass before.
     */
    private void goOn(RunRecord row) throws Stop, RunFailed, InterruptedException {
        for (int number = row.getPass(); number >= 0; number--) {
            int pass = number;
            Optional<Pass> begun = retryLoop.insist("checkpoint", () -> checkpoints.pass(row.getId(), pass));
            if (begun.isPresent()) {
                RunState back = switch (begun.get().kind()) {
                    case MIGRATE -> RunState.RUNNING;
                    case SWEEP -> RunState.SWEEPING;
                    case VERIFY, ORPHANS -> RunState.VERIFYING;
                };
                ending.move(row, back, Map.of(RUN.PASS, pass), "run.continued", Map.of("pass", pass));
                return;
            }
        }
        throw gone(row);
    }

    private static RunFailed gone(RunRecord row) {
        return new RunFailed(new RunStatus.Failure(
                "checkpoint-gone",
                "Pass " + row.getPass() + " of run " + row.getId() + " is not in sluice.pass of database \""
                        + row.getDatabase()
                        + "\" any more. Somebody removed it, or the database lost commits. Start the job"
                        + " again to go on from the pass before; where there is none, restore the rows from a backup, or give"
                        + " the job another name to begin with the first row.",
                null,
                null,
                null,
                null));
    }

    /** The pass the run's row names. */
    private Pass pass(RunRecord row) throws Stop, RunFailed, InterruptedException {
        return retryLoop
                .insist("checkpoint", () -> checkpoints.pass(row.getId(), row.getPass()))
                .orElseThrow(() -> gone(row));
    }

    private void verify(RunRecord row) throws Stop, RunFailed, InterruptedException {
        Pass pass = pass(row);
        Counts changes = retryLoop.insist("checkpoint", () -> checkpoints.changes(row.getId()));
        Verification by = VerificationResult.verification(resolved.verification(), changes);
        String condition = by.condition();
        if (condition != null && RunState.VERIFYING.code().equals(row.getResumeState())) {
            // resumed after it was incomplete: what a person has fixed is looked at anew
            passes.round(row, Pass.Kind.VERIFY, condition, null);
            return;
        }
        if (!pass.kind().changes() || pass.finishedAt() == null) {
            walk(pass); // one that changes rows was begun by a worker that died before it had moved the run
        }
        if (walksWhatCame(row)) {
            return;
        }
        if (condition == null) {
            passes.awaitOpenWriters(row);
            succeed(row, by, pass, changes);
        } else if (!looksAtWhatIsUnseen(row, condition)) {
            judge(row, by, round(row, condition), changes);
        }
    }

    /** Begins a pass over the leaves that the look at the rows has not been at; false when it has been everywhere. */
    private boolean looksAtWhatIsUnseen(RunRecord row, String condition) throws Stop, RunFailed, InterruptedException {
        Integer round = retryLoop
                .insist("checkpoint", () -> rounds.last(row.getId(), condition))
                .map(Pass::round)
                .orElse(null);
        if (passes.round(row, Pass.Kind.VERIFY, condition, round)) {
            return true;
        }
        Optional<String> orphans = resolved.orphans();
        return orphans.isPresent() && passes.round(row, Pass.Kind.ORPHANS, orphans.get(), round);
    }

    /** The first pass of the look that has been everywhere. */
    private Pass round(RunRecord row, String condition) throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist(
                "checkpoint",
                () -> rounds.last(row.getId(), condition)
                        .flatMap(last -> checkpoints.pass(row.getId(), last.round()))
                        .orElseThrow(() -> gone(row)));
    }

    private void walk(Pass pass) throws Stop, RunFailed, InterruptedException {
        walk.walk(pass.number(), PassWork.of(passes.prepared(), pass), passes.lanes());
    }

    /** Moves the run on to the leaves that came meanwhile and that no pass has walked; false when there are none. */
    private boolean walksWhatCame(RunRecord row) throws Stop, RunFailed, InterruptedException {
        List<String> came = passes.attached(row);
        if (came.isEmpty()) {
            return false;
        }
        ending.move(
                row,
                RunState.SWEEPING,
                Map.of(RUN.PASS, row.getPass() + 1),
                "partition.attached",
                Map.of("partitions", came));
        return true;
    }

    private void judge(RunRecord row, Verification by, Pass looked, Counts changes)
            throws Stop, RunFailed, InterruptedException {
        Counts seen = passes.seen(row, looked.number(), Pass.Kind.VERIFY);
        Counts orphans =
                resolved.orphans().isPresent() ? passes.seen(row, looked.number(), Pass.Kind.ORPHANS) : Counts.NONE;
        if (seen.violations() == 0 && orphans.violations() == 0) {
            succeed(row, by, looked, changes);
        } else if (seen.matching() > 0
                && row.getSweeps() < world.maxSweeps()
                && VerificationResult.mayRepeat(resolved.job(), by, changes)) {
            int next = row.getPass() + 1;
            passes.refresh();
            retryLoop.insist("checkpoint", () -> {
                passes.change(row.getId(), next, Pass.Kind.SWEEP);
                return true;
            });
            ending.move(
                    row,
                    RunState.SWEEPING,
                    Map.of(RUN.PASS, next, RUN.SWEEPS, row.getSweeps() + 1),
                    "run.sweeping",
                    Map.of("lateRows", seen.matching()));
        } else {
            RunStatus.Failure failure = VerificationResult.incomplete(
                    resolved.job(), by, changes, seen, orphans, row.getSweeps(), unchangedRange(row));
            ending.end(row, RunState.INCOMPLETE, failure, null, "run.incomplete");
        }
    }

    private boolean rowsMayMove() throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist("preflight", () -> world.preflight().check(resolved.job())).stream()
                .anyMatch(f -> f.code().equals("rows-may-move"));
    }

    private Optional<String> unchangedRange(RunRecord row) throws Stop, RunFailed, InterruptedException {
        return retryLoop.insist("checkpoint", () -> UnchangedRange.of(resolved.database(), row.getId()));
    }

    /** Whether a person has sent the run on after it was incomplete, and the rows were looked at anew since. */
    private boolean fixedByHand(RunRecord row, Verification by) throws Stop, RunFailed, InterruptedException {
        return by.condition() != null && passes.wasIncomplete(row.getId());
    }

    private void succeed(RunRecord row, Verification by, Pass looked, Counts changes)
            throws Stop, RunFailed, InterruptedException {
        if (stopAll.held()) {
            return; // nor is the table analyzed now
        }
        if (VerificationResult.countsUnchanged(resolved.job(), by, changes) && !fixedByHand(row, by)) {
            RunStatus.Failure failure = VerificationResult.unchanged(
                    by, changes, unchangedRange(row).orElse("that is not known any more"));
            ending.end(row, RunState.INCOMPLETE, failure, null, "run.incomplete");
            return;
        }
        if (VerificationResult.isUnproven(resolved.job(), by) && rowsMayMove()) {
            ending.end(row, RunState.INCOMPLETE, VerificationResult.rowsMayMove(changes), null, "run.incomplete");
            return;
        }
        Optional<Instant> analyzedAt = statistics.await(row);
        if (analyzedAt.isEmpty()) {
            return;
        }
        if (walksWhatCame(row)) {
            return;
        }
        if (by.condition() != null && looksAtWhatIsUnseen(row, by.condition())) {
            return;
        }
        Identity now = retryLoop.insist("identity", () -> resolved.database().identity());
        IdentityCheck.of(row, now);
        // where there is nothing to look at, what was walked counts, from the first batch on
        boolean rounds = by.condition() != null;
        Counts seen = rounds
                ? passes.seen(row, looked.number(), Pass.Kind.VERIFY)
                : retryLoop.insist("checkpoint", () -> checkpoints.firstWalks(row.getId()));
        Pass since = rounds
                ? looked
                : retryLoop
                        .insist("checkpoint", () -> checkpoints.pass(row.getId(), 0))
                        .orElseThrow(() -> gone(row));
        Evidence evidence = new Evidence(
                by.kind().code(),
                by.condition(),
                by.because(),
                seen.scanned(),
                changes.changed(),
                changes.matching(),
                changes.left().unchanged(),
                changes.left().collapsed(),
                changes.left().sharedKeys(),
                resolved.into().isPresent() && rounds,
                row.getSweeps(),
                since.startedAt(),
                rounds ? pass(row).finishedAt() : null, // the last pass of the look
                analyzedAt.get(),
                now.systemIdentifier(),
                now.databaseName(),
                now.timeline(),
                Repeatable.sweepable(resolved.job()) && (by.idempotent() || changes.matching() == 0));
        ending.end(row, RunState.SUCCEEDED, null, evidence, "run.succeeded");
    }

    private RunRecord row() throws Stop, RunFailed, InterruptedException {
        return passes.row(run);
    }
}
