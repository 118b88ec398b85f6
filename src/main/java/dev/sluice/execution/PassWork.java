package dev.sluice.execution;

import dev.sluice.batch.RowWork;
import dev.sluice.checkpoint.Pass;
import dev.sluice.run.Repeatable;
import dev.sluice.run.ResolvedJob;
import dev.sluice.table.TableFacts;
import java.util.Optional;

/**
 * What a pass does, and where.
 *
 * @param work with the rows
 * @param facts of the table that is walked
 */
record PassWork(RowWork work, TableFacts facts) {

    /** What this pass of a live run is for. */
    static PassWork of(ResolvedJob resolved, Pass pass) {
        String condition = String.valueOf(pass.condition());
        return switch (pass.kind()) {
            case MIGRATE, SWEEP -> new PassWork(resolved.change(), resolved.facts());
            case VERIFY ->
                new PassWork(new RowWork.Look(condition, Repeatable.fixable(resolved.job())), resolved.facts());
            case ORPHANS ->
                new PassWork(
                        new RowWork.Look(condition, Optional.empty()),
                        resolved.into().orElseThrow());
        };
    }
}
