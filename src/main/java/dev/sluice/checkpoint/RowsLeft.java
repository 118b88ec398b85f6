package dev.sluice.checkpoint;

/**
 * What batches walked and did not do.
 *
 * @param unchanged rows that had to change, did not, and were there all the same when the batch ended: a trigger has
 *     skipped them. A row that was deleted meanwhile, or does not match {@code where} any more, is none
 * @param collapsed source rows of an {@code insert} that gave no row of their own, because the filled table has one
 *     with that key
 * @param sharedKeys those of them that share their key with another source row of the same batch; what the others met
 *     was written before: by the application, another run, or an earlier batch
 */
public record RowsLeft(long unchanged, long collapsed, long sharedKeys) {
    /** All was done. */
    public static final RowsLeft NONE = new RowsLeft(0, 0, 0);

    /** Of both together. */
    RowsLeft plus(RowsLeft other) {
        return new RowsLeft(unchanged + other.unchanged, collapsed + other.collapsed, sharedKeys + other.sharedKeys);
    }
}
