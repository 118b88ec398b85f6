package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;

/**
 * How many keys are left of a partition, so that the largest of several can be picked. The cost does not grow with what
 * is left: the share of a {@link Histogram}, fresh or not, where at least 3 of its bounds fall inside; otherwise a
 * count by the index up to {@value #COUNTED_KEYS} keys, exact below that; otherwise the share of a {@link PageSample}
 * of {@value PageSample#FEWEST_PAGES} pages.
 */
public final class Remaining {
    /** Counting them takes some 10 to 50 ms where the pages are cached. */
    static final long COUNTED_KEYS = 50_000;

    private Remaining() {}

    /**
     * Estimates.
     *
     * @param left after the cursor (null: from the relation's first key) up to the partition's last key
     * @return keys; 0 when nothing is left
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    public static long estimate(Database database, TableFacts facts, KeyRange left) {
        if (left.upper() == null) {
            return 0;
        }
        var leaf = Leaves.of(facts, left.relation());
        var histogram = leaf.flatMap(l -> Histogram.of(database, facts, l, left))
                .filter(h -> h.bounds().size() >= Histogram.FEWEST_INSIDE);
        if (leaf.isPresent() && histogram.isPresent()) {
            Histogram h = histogram.get();
            return Heap.of(database, leaf.get()).rows() * h.bounds().size() / h.bins();
        }
        long counted = count(database, facts, left);
        if (counted < COUNTED_KEYS || leaf.isEmpty()) {
            return counted;
        }
        Heap heap = Heap.of(database, leaf.get());
        return PageSample.of(database, facts, heap, left, 2)
                .filter(PageSample::tells)
                .map(s -> Math.max(counted, s.keys(heap)))
                .orElse(counted);
    }

    private static long count(Database database, TableFacts facts, KeyRange left) {
        KeySql key = new KeySql("t", facts.key());
        return new KeyQuery()
                .add("SELECT count(*) FROM (SELECT FROM ONLY " + left.relation() + " AS \"t\" WHERE ")
                .addRange(key, left.lower(), left.upper())
                .add(" ORDER BY " + key.list() + " LIMIT " + COUNTED_KEYS + ") AS c")
                .fetch(database, row -> row.getLong(1))
                .getFirst();
    }
}
