package dev.sluice.bench;

import java.time.Duration;
import java.time.Instant;

/**
 * A measured stretch of time.
 *
 * @param from its begin
 * @param to its end
 * @param rowsPerSecond what was filled meanwhile; 0 where nothing was to be, NaN where that is not known
 * @param limit what held it back at the end, a code and its message; empty where nothing did, or nobody can tell
 */
record Phase(Instant from, Instant to, double rowsPerSecond, String limit) {
    /** One in which nothing is filled. */
    Phase(Instant from, Instant to) {
        this(from, to, 0, "");
    }

    double seconds() {
        return Duration.between(from, to).toNanos() / 1e9;
    }
}
