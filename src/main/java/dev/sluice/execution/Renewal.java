package dev.sluice.execution;

import dev.sluice.batch.Work;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.Looks;
import dev.sluice.checkpoint.Pass;
import dev.sluice.database.Identity;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.Evidence;
import dev.sluice.run.Json;
import dev.sluice.run.Preparation;
import dev.sluice.run.RunState;
import dev.sluice.table.TableFacts;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Looks at the rows of a succeeded run once more, gently, so that an open gate does not rest on old evidence: at the
 * migrated table, and at the filled one where orphans were searched for.
 */
final class Renewal {
    private final PassBeginning passes;
    private final Persistence persistence;
    private final Checkpoints checkpoints;
    private final PassWalk walk;
    private final Ending ending;

    Renewal(PassBeginning passes, Persistence persistence, Checkpoints checkpoints, PassWalk walk, Ending ending) {
        this.passes = passes;
        this.persistence = persistence;
        this.checkpoints = checkpoints;
        this.walk = walk;
        this.ending = ending;
    }

    /**
     * What is still true is dated anew; what is not closes the gate. Without a condition there is nothing to look at.
     */
    void renew(RunRecord row) throws Stop, RunFailed, InterruptedException {
        Evidence before = Json.read(row.getEvidence(), Evidence.class);
        String condition = before == null ? null : before.condition();
        if (before == null || condition == null) {
            return;
        }
        Preparation prepared = passes.prepared();
        Identity now = persistence.insist("identity", () -> prepared.database().identity());
        Optional<String> source = prepared.orphans();
        // always from the first row: what was read before a worker stopped may be old by now
        Integer look = null;
        while (true) {
            RunRecord at = passes.row(row.getId());
            int next = at.getPass() + 1;
            if (passes.look(at, Pass.Kind.VERIFY, condition, look)) {
                walk(next, condition, passes.prepared().facts());
            } else if (source.isPresent() && passes.look(at, Pass.Kind.ORPHANS, source.get(), look)) {
                walk(next, source.get(), passes.prepared().into().orElseThrow());
            } else {
                break; // it has been at what came meanwhile, too
            }
            look = look == null ? Integer.valueOf(next) : look;
        }
        int first = Objects.requireNonNull(look, "a look begins with a pass");
        Counts seen = passes.seen(row, first, Pass.Kind.VERIFY);
        Counts orphans = source.isPresent() ? passes.seen(row, first, Pass.Kind.ORPHANS) : Counts.NONE;
        RunRecord here = passes.row(row.getId());
        if (seen.violations() > 0 || orphans.violations() > 0) {
            ending.end(here, RunState.INCOMPLETE, Judgement.stale(seen, orphans, before), null, "run.incomplete");
        } else {
            Pass last = pass(here, here.getPass());
            Instant until = Objects.requireNonNull(last.finishedAt(), "a pass that was walked is finished");
            ending.renew(here, before.renewed(seen.scanned(), pass(here, first).startedAt(), until, now));
        }
        persistence.insist("checkpoint", () -> {
            new Looks(prepared.database()).forgetVerificationsBefore(row.getId(), first);
            return true;
        });
    }

    private Pass pass(RunRecord row, int number) throws Stop, RunFailed, InterruptedException {
        return persistence
                .insist("checkpoint", () -> checkpoints.pass(row.getId(), number))
                .orElseThrow(() -> new Stop(Stop.Reason.NOT_WANTED));
    }

    private void walk(int pass, String condition, TableFacts facts) throws Stop, RunFailed, InterruptedException {
        walk.walk(pass, new PassWork(new Work.Look(condition, Optional.empty()), facts), 1);
    }
}
