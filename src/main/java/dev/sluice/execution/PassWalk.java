package dev.sluice.execution;

import dev.sluice.batch.Batches;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.run.GateInput;
import dev.sluice.run.LaneTable;
import dev.sluice.run.RunStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Takes a lane through the partitions of a pass; {@link PartitionWalk} walks each. */
final class PassWalk {
    /** While other lanes walk the last partitions. */
    private static final Duration OTHERS_ASKED_EVERY = Duration.ofMillis(200);
    /** At most, so every 5 s. */
    private static final int LOOKS_BEFORE_HELP = 25;

    private final LaneContext lane;
    private final Partitions partitions;
    private final IdentityCheck identity;
    private final Seams.Lane seam;
    private final double rest;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final Checkpoints checkpoints;
    private @Nullable PartitionWalk begun;
    private int lastPass = -1;

    PassWalk(LaneContext lane, Partitions partitions, IdentityCheck identity, Seams.Lane seam) {
        this(lane, partitions, identity, seam, 0);
    }

    private PassWalk(LaneContext lane, Partitions partitions, IdentityCheck identity, Seams.Lane seam, double rest) {
        this.lane = lane;
        this.partitions = partitions;
        this.identity = identity;
        this.seam = seam;
        this.rest = rest;
        this.laneStatus = lane.status();
        this.retryLoop = lane.retryLoop();
        this.checkpoints = new Checkpoints(lane.job().database());
    }

    /**
     * The same, resting {@value GateInput#RENEWAL_REST} times as long as it works, and with the job's budget of cores.
     */
    PassWalk gently() {
        return new PassWalk(lane, partitions, identity, seam, GateInput.RENEWAL_REST);
    }

    /** What holds this walk while all runs are stopped. */
    StopAll stopAll() {
        return lane.batchGate().stopAll();
    }

    /**
     * Walks what is left of the pass, together with the side lanes, which it opens; returns when every partition is
     * done.
     *
     * @param lanes that may walk at the same time, at least 1
     * @throws Stop when the run is not wanted running any more, or another worker has this lane
     */
    void walk(int pass, PassWork work, int lanes) throws Stop, RunFailed, InterruptedException {
        retryLoop.insist("checkpoint", () -> {
            partitions.openLanes(IntStream.range(1, lanes).boxed().toList());
            return true;
        });
        walkAll(pass, work);
        while (!retryLoop.insist("checkpoint", () -> checkpoints.finish(laneStatus.run(), pass))) {
            // a crash of the server has taken the last batches back, or the pass itself
            lane.batchGate().requireWanted();
            if (retryLoop
                    .insist("checkpoint", () -> checkpoints.pass(laneStatus.run(), pass))
                    .isEmpty()) {
                throw new RunFailed(Failures.checkpointGone(new PartitionId(laneStatus.run(), pass, 0)));
            }
            walkAll(pass, work);
        }
        retryLoop.insist("checkpoint", () -> {
            partitions.closeLanes();
            return true;
        });
    }

    /** Until every partition is done; what no lane carries is walked here. */
    private void walkAll(int pass, PassWork work) throws Stop, RunFailed, InterruptedException {
        help(pass, work);
        int looks = 0;
        int until = 1;
        while (true) {
            Partitions.Left left = retryLoop.insist("checkpoint", () -> partitions.gather(pass));
            if (left == Partitions.Left.NONE) {
                retryLoop.waits().rested(); // nobody is waited for any more
                return;
            }
            lane.batchGate().requireWanted();
            retryLoop
                    .waits()
                    .rest(
                            new RunStatus.Limit(
                                    LaneTable.WAITS,
                                    "waiting for the run's other lanes",
                                    null,
                                    null,
                                    lane.time().now()),
                            OTHERS_ASKED_EVERY);
            // to look for a half costs more than to ask whether others are done
            if (left == Partitions.Left.MINE || ++looks >= until) {
                looks = 0;
                until = help(pass, work) ? 1 : Math.min(2 * until, LOOKS_BEFORE_HELP);
            }
        }
    }

    /**
     * Walks partitions as long as there is one for this lane.
     *
     * @return whether there was any
     */
    boolean help(int pass, PassWork work) throws Stop, RunFailed, InterruptedException {
        PartitionWalk walk = begun;
        if (walk == null || pass != lastPass) {
            lastPass = pass;
            laneStatus.newPass();
            Batches batches = new Batches(lane.job().rows(), work.work(), work.facts());
            walk = new PartitionWalk(lane, partitions, identity, seam, rest, batches, work);
            begun = walk;
            retryLoop.insist("checkpoint", () -> {
                partitions.takeOver(pass);
                return true;
            });
        }
        for (boolean any = false; ; any = true) {
            Optional<Claim> next = retryLoop.insist("checkpoint", () -> partitions.next(pass, work.facts()));
            if (next.isEmpty()) {
                laneStatus.idle();
                return any;
            }
            walk.walk(next.get());
        }
    }
}
