package dev.sluice.execution;

import dev.sluice.batch.Work;
import dev.sluice.checkpoint.Pass;
import dev.sluice.run.Preparation;
import dev.sluice.run.Repeatable;
import dev.sluice.table.TableFacts;
import java.util.Optional;

/**
 * What a pass does, and where.
 *
 * @param work with the rows
 * @param facts of the table that is walked
 */
record PassWork(Work work, TableFacts facts) {

    /** What this pass of a live run is for. */
    static PassWork of(Preparation prepared, Pass pass) {
        String condition = String.valueOf(pass.condition());
        return switch (pass.kind()) {
            case MIGRATE, SWEEP -> new PassWork(prepared.change(), prepared.facts());
            case VERIFY ->
                new PassWork(new Work.Look(condition, Repeatable.mendable(prepared.job())), prepared.facts());
            case ORPHANS ->
                new PassWork(
                        new Work.Look(condition, Optional.empty()),
                        prepared.into().orElseThrow());
        };
    }
}
