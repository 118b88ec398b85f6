package dev.sluice.execution;

import dev.sluice.run.LaneId;
import dev.sluice.run.OrphanedLanes;

/** Carries lanes of runs. */
public interface LaneRunner {

    /**
     * Works on the lane until there is nothing left to do for now: the run ended, is not live, or the lane was taken by
     * another worker. A run that is not live is left alone at once. Shows a sign of life as soon as it has begun, and
     * then often enough for {@link OrphanedLanes}.
     *
     * @param lane the conducting one takes the run through its states; the others walk partitions
     * @throws InterruptedException when this worker stops: the batch in flight was finished, and the lane is given back
     *     for another worker
     */
    void execute(LaneId lane) throws InterruptedException;
}
