package dev.sluice.job;

import java.util.Optional;
import java.util.Set;

/**
 * Names that no signal of a job file may have: status, log and metrics name a signal where they name these, and nobody
 * could tell them apart.
 */
final class TakenNames {
    /** Those of the signals apart. */
    private static final Set<String> KEYS =
            Set.of("rows-per-second", "wal-per-hour", "cores", "windows", "sql", "http", "prometheus");
    /** What limits a run besides, as {@code docs/throttle.md} lists it. */
    private static final Set<String> REASONS = Set.of(
            "pace",
            "first-sample",
            "database-rows-per-second",
            "database-wal-per-hour",
            "stopped-all",
            "open-writers",
            "settings-changing",
            "not-analyzed",
            "other-lanes",
            "verification-pace",
            "database-away",
            "database-read-only",
            "database-full",
            "database-unavailable",
            "database-refused",
            "retry-timeout",
            "retry-transient",
            "retry",
            "queued",
            "paused");

    private TakenNames() {}

    /** What has the name already, as the end of a sentence. */
    static Optional<String> by(String name) {
        if (SignalKind.of(name).isPresent() || KEYS.contains(name)) {
            return Optional.of("is a key of `throttle` itself.");
        }
        return REASONS.contains(name) ? Optional.of("is a reason that Sluice gives itself.") : Optional.empty();
    }
}
