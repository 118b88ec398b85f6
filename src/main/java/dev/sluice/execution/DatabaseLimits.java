package dev.sluice.execution;

import java.util.Optional;

/**
 * Limits of everything that is done on one database, by all runs and workers together.
 *
 * @param rowsPerSecond keys walked per second at most
 * @param walPerHour bytes of WAL in an hour at most
 */
public record DatabaseLimits(Optional<Integer> rowsPerSecond, Optional<Long> walPerHour) {
    /** No limits. */
    public static final DatabaseLimits NONE = new DatabaseLimits(Optional.empty(), Optional.empty());
}
