package dev.sluice.execution;

import dev.sluice.batch.Work;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
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
        if (before == null || before.condition() == null) {
            return;
        }
        Preparation prepared = passes.prepared();
        Identity now = persistence.insist("identity", () -> prepared.database().identity());
        Optional<String> source = prepared.orphans();
        passes.awaitOpenWriters(row);
        Pass first;
        Counts orphans = Counts.NONE;
        boolean whole;
        do {
            first = look(passes.row(row.getId()), Pass.Kind.VERIFY, before.condition());
            RunRecord looked = passes.row(row.getId());
            boolean filled = true;
            if (source.isPresent()) {
                Pass second = look(looked, Pass.Kind.ORPHANS, source.get());
                orphans = counts(second);
                filled = passes.complete(
                        row, second.number(), passes.refresh().into().orElseThrow());
            }
            whole = passes.complete(row, first.number(), passes.refresh().facts()) && filled;
        } while (!whole); // a partition came meanwhile
        Counts seen = counts(first);
        RunRecord here = passes.row(row.getId());
        if (seen.violations() > 0 || orphans.violations() > 0) {
            ending.end(here, RunState.INCOMPLETE, Judgement.stale(seen, orphans, before), null, "run.incomplete");
        } else {
            ending.renew(here, before.renewed(seen.scanned(), first.startedAt(), until(first), now));
        }
        int last = first.number();
        persistence.insist("checkpoint", () -> {
            checkpoints.forgetVerificationsBefore(row.getId(), last);
            return true;
        });
    }

    private static Instant until(Pass pass) {
        return Objects.requireNonNull(pass.finishedAt(), "a pass that was walked is finished");
    }

    private Counts counts(Pass pass) throws Stop, RunFailed, InterruptedException {
        return persistence.insist("checkpoint", () -> checkpoints.counts(pass.run(), pass.number()));
    }

    /** Always from the first row: what was read before a worker stopped may be old by now. */
    private Pass look(RunRecord row, Pass.Kind kind, String condition) throws Stop, RunFailed, InterruptedException {
        passes.look(row, kind, condition);
        int number = row.getPass() + 1;
        Preparation now = passes.prepared();
        TableFacts facts = kind == Pass.Kind.ORPHANS ? now.into().orElseThrow() : now.facts();
        walk.walk(number, new PassWork(new Work.Look(condition, Optional.empty()), facts), 1);
        return persistence
                .insist("checkpoint", () -> checkpoints.pass(row.getId(), number))
                .orElseThrow(() -> new Stop(Stop.Reason.NOT_WANTED));
    }
}
