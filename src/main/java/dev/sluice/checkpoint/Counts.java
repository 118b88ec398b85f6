package dev.sluice.checkpoint;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What was done, of one partition or summed over several.
 *
 * @param scanned keys walked
 * @param changed rows changed
 * @param hot rows changed in place (heap-only updates), which touched no index
 * @param matching rows that matched {@code where} even after their change; in a verification, violating rows that match
 *     {@code where} and so can be swept
 * @param violations rows found violating
 * @param left what first walks have walked and not done
 * @param batches committed
 * @param partitions summed over
 * @param partitionsDone those of them that are done
 * @param at time of the last checkpoint; null without any
 * @param ageSeconds since then, by the database's clock; null without any
 */
public record Counts(
        long scanned,
        long changed,
        long hot,
        long matching,
        long violations,
        RowsLeft left,
        long batches,
        int partitions,
        int partitionsDone,
        @Nullable Instant at,
        @Nullable Double ageSeconds) {
    /** Nothing done. */
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0, RowsLeft.NONE, 0, 0, 0, null, null);

    /** Of both together; the later checkpoint is the last. */
    Counts plus(Counts other) {
        boolean later = at == null || (other.at != null && other.at.isAfter(at));
        return new Counts(
                scanned + other.scanned,
                changed + other.changed,
                hot + other.hot,
                matching + other.matching,
                violations + other.violations,
                left.plus(other.left),
                batches + other.batches,
                partitions + other.partitions,
                partitionsDone + other.partitionsDone,
                later ? other.at : at,
                later ? other.ageSeconds : ageSeconds);
    }
}
