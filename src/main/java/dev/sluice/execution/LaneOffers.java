package dev.sluice.execution;

import dev.sluice.run.LaneId;

/** Where a run's further lanes are offered to whichever worker has room. */
@FunctionalInterface
public interface LaneOffers {

    /**
     * Has a lane carried soon, on this or another worker. Best effort: a lane that nobody takes is found by the look
     * for lanes without a sign of life.
     */
    void offer(LaneId lane);
}
