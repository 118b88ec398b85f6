package dev.sluice.execution;

import dev.sluice.batch.RowWork;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.VerificationRounds;
import dev.sluice.database.Identity;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.Evidence;
import dev.sluice.run.JsonColumn;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunState;
import dev.sluice.table.TableFacts;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Looks at the rows of a succeeded run once more, gently, so that an open gate does not rest on old evidence: at the
 * migrated table, and at the filled one where orphans were searched for.
 */
final class EvidenceRenewal {
    private final PassBeginning passes;
    private final RetryLoop retryLoop;
    private final Checkpoints checkpoints;
    private final PassWalk walk;
    private final RunEnding ending;

    EvidenceRenewal(
            PassBeginning passes, RetryLoop retryLoop, Checkpoints checkpoints, PassWalk walk, RunEnding ending) {
        this.passes = passes;
        this.retryLoop = retryLoop;
        this.checkpoints = checkpoints;
        this.walk = walk;
        this.ending = ending;
    }

    /**
     * What is still true is dated anew; what is not closes the gate. Without a condition there is nothing to look at.
     */
    void renew(RunRecord row) throws Stop, RunFailed, InterruptedException {
        Evidence before = JsonColumn.read(row.getEvidence(), Evidence.class);
        String condition = before == null ? null : before.condition();
        if (before == null || condition == null) {
            return;
        }
        ResolvedJob resolved = passes.prepared();
        Identity now = retryLoop.insist("identity", () -> resolved.database().identity());
        Optional<String> source = resolved.orphans();
        // always from the first row: what was read before a worker stopped may be old by now
        Integer round = null;
        while (true) {
            RunRecord at = passes.row(row.getId());
            int next = at.getPass() + 1;
            if (passes.round(at, Pass.Kind.VERIFY, condition, round)) {
                walk(next, condition, passes.prepared().facts());
            } else if (source.isPresent() && passes.round(at, Pass.Kind.ORPHANS, source.get(), round)) {
                walk(next, source.get(), passes.prepared().into().orElseThrow());
            } else {
                break; // it has been at what came meanwhile, too
            }
            round = round == null ? Integer.valueOf(next) : round;
        }
        int first = Objects.requireNonNull(round, "a look begins with a pass");
        Counts seen = passes.seen(row, first, Pass.Kind.VERIFY);
        Counts orphans = source.isPresent() ? passes.seen(row, first, Pass.Kind.ORPHANS) : Counts.NONE;
        RunRecord here = passes.row(row.getId());
        if (seen.violations() > 0 || orphans.violations() > 0) {
            ending.end(
                    here, RunState.INCOMPLETE, VerificationResult.stale(seen, orphans, before), null, "run.incomplete");
        } else {
            Pass last = pass(here, here.getPass());
            Instant until = Objects.requireNonNull(last.finishedAt(), "a pass that was walked is finished");
            ending.renew(here, before.renewed(seen.scanned(), pass(here, first).startedAt(), until, now));
        }
        retryLoop.insist("checkpoint", () -> {
            new VerificationRounds(resolved.database()).forgetVerificationsBefore(row.getId(), first);
            return true;
        });
    }

    private Pass pass(RunRecord row, int number) throws Stop, RunFailed, InterruptedException {
        return retryLoop
                .insist("checkpoint", () -> checkpoints.pass(row.getId(), number))
                .orElseThrow(() -> new Stop(Stop.Reason.NOT_WANTED));
    }

    private void walk(int pass, String condition, TableFacts facts) throws Stop, RunFailed, InterruptedException {
        walk.walk(pass, new PassWork(new RowWork.Look(condition, Optional.empty()), facts), 1);
    }
}
