package dev.sluice.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * Live settings of a run, as each batch reads them from its checkpoint.
 *
 * @param targetMillis wanted length of a batch, milliseconds
 * @param batchSize rows the adaptation starts from
 * @param rowsPerSecond keys walked per second at most; null for no limit
 * @param walPerHour bytes of WAL in an hour at most; null for no limit
 */
public record Tuning(
        int targetMillis,
        int batchSize,
        @Nullable Integer rowsPerSecond,
        @Nullable Long walPerHour) {

    /** Without a budget of WAL. */
    public Tuning(int targetMillis, int batchSize, @Nullable Integer rowsPerSecond) {
        this(targetMillis, batchSize, rowsPerSecond, null);
    }
}
