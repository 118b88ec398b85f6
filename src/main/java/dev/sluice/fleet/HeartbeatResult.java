package dev.sluice.fleet;

import java.util.List;
import java.util.Optional;

/**
 * What a sign of life found.
 *
 * @param joined whether the worker's row was not there before: it is new, or was cleaned up while it was cut off
 * @param clock the clock; empty where the database was too slow to tell
 * @param twins instances of other live workers with this one's name, that have shown a sign of life since this one
 *     started: a predecessor that crashed is none
 * @param eldest whether no live worker has started before this one; what one worker does for all is done by the eldest
 */
public record HeartbeatResult(boolean joined, Optional<ClockReading> clock, List<String> twins, boolean eldest) {
    public HeartbeatResult {
        twins = List.copyOf(twins);
    }
}
