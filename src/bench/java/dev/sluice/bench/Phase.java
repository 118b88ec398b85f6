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
 * @param workerCores how many cores Sluice's worker kept busy meanwhile, its own process alone; NaN where that is not
 *     known
 */
record Phase(Instant from, Instant to, double rowsPerSecond, String limit, double workerCores) {
    /** One in which nothing is filled, and of whose worker nothing is known. */
    Phase(Instant from, Instant to) {
        this(from, to, 0, "", Double.NaN);
    }

    /** This one, in which so many rows were filled. */
    Phase filled(double rows, String limitedBy) {
        return new Phase(from, to, rows / seconds(), limitedBy, workerCores);
    }

    /** This one, in which the worker took so many seconds of processor time. */
    Phase with(double workerSeconds) {
        return new Phase(from, to, rowsPerSecond, limit, workerSeconds / seconds());
    }

    double seconds() {
        return Duration.between(from, to).toNanos() / 1e9;
    }
}
