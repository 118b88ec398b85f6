package dev.sluice.execution;

import dev.sluice.batch.BatchSize;
import dev.sluice.batch.Sizing;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.job.Stripes;
import dev.sluice.run.ResolvedJob;
import org.jspecify.annotations.Nullable;

/** How large the batches of a lane are: as those before them went on, or as somebody has asked for since. */
final class BatchSizes {
    private final ResolvedJob resolved;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final BatchGate batchGate;
    private @Nullable Sizing last;
    private String relation = "";
    private int tunedTo;

    BatchSizes(LaneContext lane) {
        this.resolved = lane.job();
        this.laneStatus = lane.status();
        this.retryLoop = lane.retryLoop();
        this.batchGate = lane.batchGate();
    }

    /** What the batches of the partition have come to. */
    void keep(Sizing now) {
        last = now;
    }

    /** Anew with a size that somebody has asked for since, however it was heard of; else as large as may be now. */
    Sizing tuned(Sizing before, Tuning tuning) {
        if (tuning.batchSize() == tunedTo) {
            return before.within(batchGate.batchSeconds(tuning), tuning);
        }
        tunedTo = tuning.batchSize();
        return before.restarted(tunedTo);
    }

    /**
     * How the partition's batches begin: as those before it in the same table or leaf went on. Where stripes were ruled
     * out there, the rows of this partition may lie better.
     */
    Sizing first(Claim claim, PassWork work) throws Stop, RunFailed, InterruptedException {
        Sizing before = claim.relation().equals(relation) ? last : null;
        if (before != null && before.measures()) {
            return before;
        }
        BatchSize size = before == null ? sizeOfTheFirst(claim) : before.size();
        Stripes stripes = resolved.job().migrate().batch().stripes();
        return retryLoop.insist(
                "table", () -> Sizing.of(resolved.rows(), work.facts(), claim, work.work(), stripes, size));
    }

    /** What the batches of another table or leaf have come to, unless somebody has asked for a size since. */
    private BatchSize sizeOfTheFirst(Claim claim) {
        Integer known = claim.tuning().batchSize() == tunedTo ? laneStatus.nextBatch() : null;
        relation = claim.relation();
        tunedTo = claim.tuning().batchSize();
        return batchGate.size(known == null ? tunedTo : known);
    }
}
