package dev.sluice.batch;

import dev.sluice.table.HeapFacts;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/** What can be said of stripes before the first batch, by how the relation lies on disk. */
final class StripesOfHeap {
    /** Percent; below it INSERT leaves room on each page (engine.md: none on a table with a low fillfactor). */
    static final int FULL = 90;
    /**
     * A correlation from which on a range of keys lies together (engine.md: none where keys do not follow the heap).
     */
    static final double FOLLOWS = 0.5;
    /** Rows on a page: with fewer, a quarter of them is less than one. */
    static final double FEW_ROWS = 4;

    private StripesOfHeap() {}

    /** With the rows ahead, unless the table's definition decides whatever they are: to look may read 1,000 pages. */
    static HeapFacts lookedAt(HeapFacts catalog, Supplier<OptionalDouble> ahead) {
        return againstDefinition(catalog).isPresent() ? catalog : catalog.withRowsAhead(ahead.get());
    }

    private static Optional<String> againstDefinition(HeapFacts heap) {
        if (heap.indexedColumn().isPresent()) {
            return Optional.of("column \"" + heap.indexedColumn().get()
                    + "\" is changed and in an index, so every change touches every index");
        }
        if (heap.indexes() < 2) {
            return Optional.of("there is no index but the key's that a change in place would spare");
        }
        return heap.fillfactor() < FULL
                ? Optional.of("its fillfactor of " + heap.fillfactor() + " leaves room on every page anyway")
                : Optional.empty();
    }

    /**
     * Why stripes would bring nothing on this heap, for people; empty when they may.
     *
     * <p>That keys do not follow the heap takes both witnesses, where there are two: the correlation of a table in
     * order is low when half of its rows have been changed and lie elsewhere, and the few keys of the sample are each
     * on a page of their own where keys are shuffled only within the length of a range. Where one of them is wrong in
     * favour of stripes, the run measures it in a few ranges; where it was wrong against them, nobody would find out.
     */
    static Optional<String> against(HeapFacts heap) {
        Optional<String> definition = againstDefinition(heap);
        if (definition.isPresent()) {
            return definition;
        }
        OptionalDouble correlation = heap.correlation();
        OptionalDouble ahead = heap.rowsAhead();
        if (correlation.isPresent() && Math.abs(correlation.getAsDouble()) < FOLLOWS && ahead.orElse(0) < FEW_ROWS) {
            String seen = ahead.isEmpty()
                    ? ""
                    : String.format(Locale.ROOT, ", %.1f of the next on a page", ahead.getAsDouble());
            return Optional.of(String.format(
                    Locale.ROOT,
                    "its rows do not lie in the order of the key (correlation %.2f%s), so a range is all over the table",
                    correlation.getAsDouble(),
                    seen));
        }
        OptionalDouble rows = rowsOnAPage(heap);
        if (rows.orElse(FEW_ROWS) < FEW_ROWS) {
            return Optional.of(String.format(
                    Locale.ROOT, "a page holds %.1f rows, too few to share among stripes", rows.getAsDouble()));
        }
        return Optional.empty();
    }

    /**
     * Rows of a range that lie on one page: those that were seen ahead, where they lie together; otherwise the average
     * of the table, which falls as dead rows come to lie among the others.
     */
    private static OptionalDouble rowsOnAPage(HeapFacts heap) {
        return heap.rowsAhead().orElse(0) < FEW_ROWS ? heap.rowsPerPage() : heap.rowsAhead();
    }

    /** A page must hold a row of each stripe, or some stripes find no room that one before them has left. */
    static List<Integer> candidates(HeapFacts heap) {
        double rows = rowsOnAPage(heap).orElse(BatchRequest.MOST_STRIPES);
        return rows < 8 ? List.of(4, 1) : rows < 16 ? List.of(8, 1) : List.of(8, 16, 1);
    }
}
