package dev.sluice.checkpoint;

import org.jspecify.annotations.Nullable;

/**
 * Live settings of a run, as each batch reads them from its checkpoint.
 *
 * @param targetMillis wanted length of a batch, milliseconds
 * @param batchSize rows the adaptation starts from
 * @param rowsPerSecond keys walked per second at most; null for no limit
 * @param walPerHour bytes of WAL in an hour at most; null for no limit
 * @param cores share of the server's cores that batches may keep busy beside others; 0 for no such bound, null for what
 *     the job file says, or the worker's configuration
 */
public record Tuning(
        int targetMillis,
        int batchSize,
        @Nullable Integer rowsPerSecond,
        @Nullable Long walPerHour,
        @Nullable Double cores) {

    /** The same, with the job's budget of cores. */
    public Tuning withJobsCores() {
        return new Tuning(targetMillis, batchSize, rowsPerSecond, walPerHour, null);
    }

    /** Without a budget of WAL, and with the job's budget of cores. */
    public Tuning(int targetMillis, int batchSize, @Nullable Integer rowsPerSecond) {
        this(targetMillis, batchSize, rowsPerSecond, null, null);
    }
}
