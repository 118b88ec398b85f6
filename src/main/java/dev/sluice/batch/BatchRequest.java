package dev.sluice.batch;

/**
 * What the next batch is asked for. It rules where a range begins; a range in progress goes on as it began, whatever is
 * asked.
 *
 * @param keys of the whole range, at least 1
 * @param stripes the range is walked in, a power of two from 1 to {@value #MOST_STRIPES}; 1 for none. Work that knows
 *     no stripes ({@link RowWork#stripes()}) takes the range in one batch
 */
public record BatchRequest(int keys, int stripes) {
    /** More would be empty: a page of 8 kB holds at most 291 rows, and seldom over 60. */
    public static final int MOST_STRIPES = 64;

    public BatchRequest {
        if (keys < 1) {
            throw new IllegalArgumentException("a range needs at least 1 key, not " + keys);
        }
        if (stripes < 1 || stripes > MOST_STRIPES || Integer.bitCount(stripes) != 1) {
            throw new IllegalArgumentException(
                    "stripes are a power of two from 1 to " + MOST_STRIPES + ", not " + stripes);
        }
    }

    /** A batch that takes its keys at once. */
    public static BatchRequest of(int keys) {
        return new BatchRequest(keys, 1);
    }
}
