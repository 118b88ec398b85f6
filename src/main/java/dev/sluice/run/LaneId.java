package dev.sluice.run;

import java.util.UUID;

/**
 * One lane of a run: a batch that may be in flight, and whoever makes one after another of them.
 *
 * @param run the run
 * @param lane counted from 0
 */
public record LaneId(UUID run, int lane) {
    /** The lane of a run that conducts it. */
    public static LaneId conducting(UUID run) {
        return new LaneId(run, 0);
    }

    /** Whether it also takes the run through its states; the others only walk partitions. */
    public boolean conducts() {
        return lane == 0;
    }

    /** {@code <run>/<lane>}. */
    @Override
    public String toString() {
        return run + "/" + lane;
    }
}
