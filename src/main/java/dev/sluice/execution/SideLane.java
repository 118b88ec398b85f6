package dev.sluice.execution;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Pass;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunState;
import dev.sluice.run.RunTable;
import java.util.Optional;

/** A lane that helps to walk the partitions of a run's passes and leaves its states to the conductor. */
final class SideLane {
    private final RunTable table;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final ResolvedJob resolved;
    private final PassWalk walk;

    SideLane(RunTable table, LaneStatus laneStatus, RetryLoop retryLoop, ResolvedJob resolved, PassWalk walk) {
        this.table = table;
        this.laneStatus = laneStatus;
        this.retryLoop = retryLoop;
        this.resolved = resolved;
        this.walk = walk;
    }

    /** Walks until a pass has nothing for it to do, or the run is not live any more. */
    void walk() throws Stop, RunFailed, InterruptedException {
        Checkpoints checkpoints = new Checkpoints(resolved.database());
        int before = -1;
        while (true) {
            RunRecord row = retryLoop.insist("state", () -> table.get(laneStatus.run()));
            RunState state = RunState.of(row.getState());
            boolean walks = state == RunState.RUNNING || state == RunState.SWEEPING || state == RunState.VERIFYING;
            if (!walks || row.getPass() == before) {
                return;
            }
            before = row.getPass();
            Optional<Pass> pass =
                    retryLoop.insist("checkpoint", () -> checkpoints.pass(laneStatus.run(), row.getPass()));
            if (pass.isEmpty() || pass.get().finishedAt() != null) {
                return;
            }
            PassWork work = PassWork.of(resolved, pass.get());
            walk.help(pass.get().number(), work);
        }
    }
}
