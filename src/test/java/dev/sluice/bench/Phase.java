package dev.sluice.bench;

import java.time.Duration;
import java.time.Instant;

/**
 * A measured stretch of time.
 *
 * @param from its begin
 * @param to its end
 * @param rowsPerSecond what was filled meanwhile; 0 where nothing was to be, NaN where that is not known
 */
record Phase(Instant from, Instant to, double rowsPerSecond) {
    double seconds() {
        return Duration.between(from, to).toNanos() / 1e9;
    }
}
