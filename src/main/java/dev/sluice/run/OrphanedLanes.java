package dev.sluice.run;

import java.time.Duration;
import java.util.List;

/** Finds the lanes of runs that nobody carries. */
public interface OrphanedLanes {

    /**
     * The lanes of runs that should be worked on (queued, running, verifying or sweeping) that showed no sign of life
     * for this long, by the database's clock, the conducting ones first. One that never showed any counts from when it
     * was wanted.
     *
     * @throws RuntimeException when the database does not answer
     */
    List<LaneId> orphanedLanes(Duration silence);

    /**
     * Whether somebody carries this lane, and has shown a sign of life within this long.
     *
     * @throws RuntimeException when the database does not answer
     */
    boolean isOwned(LaneId lane, Duration silence);
}
