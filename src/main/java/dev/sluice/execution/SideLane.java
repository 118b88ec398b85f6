package dev.sluice.execution;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Pass;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.Preparation;
import dev.sluice.run.RunState;
import dev.sluice.run.RunTable;
import java.util.Optional;

/** A lane that helps to walk the partitions of a run's passes and leaves its states to the conductor. */
final class SideLane {
    private final RunTable table;
    private final Vitals vitals;
    private final Persistence persistence;
    private final Preparation prepared;
    private final PassWalk walk;

    SideLane(RunTable table, Vitals vitals, Persistence persistence, Preparation prepared, PassWalk walk) {
        this.table = table;
        this.vitals = vitals;
        this.persistence = persistence;
        this.prepared = prepared;
        this.walk = walk;
    }

    /** Walks until a pass has nothing for it to do, or the run is not live any more. */
    void walk() throws Stop, RunFailed, InterruptedException {
        Checkpoints checkpoints = new Checkpoints(prepared.database());
        int before = -1;
        while (true) {
            RunRecord row = persistence.insist("state", () -> table.get(vitals.run()));
            RunState state = RunState.of(row.getState());
            boolean walks = state == RunState.RUNNING || state == RunState.SWEEPING || state == RunState.VERIFYING;
            if (!walks || row.getPass() == before) {
                return;
            }
            before = row.getPass();
            Optional<Pass> pass = persistence.insist("checkpoint", () -> checkpoints.pass(vitals.run(), row.getPass()));
            if (pass.isEmpty() || pass.get().finishedAt() != null) {
                return;
            }
            PassWork work = PassWork.of(prepared, pass.get());
            walk.help(pass.get().number(), work);
        }
    }
}
