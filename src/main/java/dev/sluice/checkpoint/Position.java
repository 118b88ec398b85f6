package dev.sluice.checkpoint;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a partition stands. Every batch names the whole of it, so a batch that is repeated after a lost answer finds it
 * gone. Keys are the text form of each key column, in key order; they are compared by the database alone.
 *
 * @param cursor last key done; null before the first
 * @param rangeEnd end of the range that is being walked in stripes; null without stripes
 * @param stripes number of stripes of that range, a power of two; 1 without stripes. While the range is walked it may
 *     double, never shrink
 * @param stripe the next stripe, 0 to {@code stripes - 1}
 */
public record Position(
        @Nullable List<String> cursor, @Nullable List<String> rangeEnd, int stripes, int stripe) {
    public Position {
        cursor = cursor == null ? null : List.copyOf(cursor);
        rangeEnd = rangeEnd == null ? null : List.copyOf(rangeEnd);
    }

    /** Nothing done yet after {@code cursor}, no stripes. */
    public static Position after(@Nullable List<String> cursor) {
        return new Position(cursor, null, 1, 0);
    }

    /**
     * The same place in twice as many stripes: stripe j is the union of stripes 2j and 2j + 1 then, so what was done of
     * the range is done, and the keys counted for it are the same share of it.
     */
    public Position finer() {
        return new Position(cursor, rangeEnd, 2 * stripes, 2 * stripe);
    }

    /** For people: {@code (42, abc)} or {@code the start}. */
    public static String text(@Nullable List<String> key) {
        return key == null ? "the start" : "(" + String.join(", ", key) + ")";
    }
}
