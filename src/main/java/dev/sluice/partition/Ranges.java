package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a table into the ranges of a new pass, of about equally many keys. Where the cuts come from:
 *
 * <ol>
 *   <li>up to {@value #WALKED_KEYS} keys (by estimate): a walk of the index, {@link KeyHops}; exact
 *   <li>a single-column key with fresh statistics, and not too many parts for its bins: {@link Histogram}, which reads
 *       the catalog alone
 *   <li>otherwise: {@link PageSample}, at most {@value PageSample#MOST_PAGES} pages
 * </ol>
 *
 * So the cost does not grow with the table: at most twice {@value #WALKED_KEYS} keys of the index for each leaf that
 * seems small, and the pages of a sample for each that seems large, with two or three probes of the index and the
 * catalog. Keys are compared and sorted by the database alone, under the key's own collation, and cuts are keys it
 * gave.
 */
public final class Ranges {
    /** Below, an exact walk takes a fraction of a second; a sample would hardly be smaller than the table. */
    static final long WALKED_KEYS = 200_000;

    /** A leaf of at most this many times a lane's mean share stays whole. */
    private static final double WHOLE = 1.3;

    private Ranges() {}

    /**
     * Cuts a table. Every leaf of a partitioned table is at least one range of its own; one that is much larger than
     * the rows of all leaves divided by {@code partitions} is cut further, so that no range is larger than that share.
     *
     * @param partitions wanted, at least 1; a table with fewer keys gives fewer, a table with more leaves gives more
     * @return each leaf's ranges in key order, the last one up to its last key now, the leaves in their order; an empty
     *     leaf is one range without an upper bound
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    public static List<KeyRange> of(Database database, TableFacts facts, int partitions) {
        if (partitions < 1) {
            throw new IllegalArgumentException(
                    "A table cannot be cut into " + partitions + " partitions; ask for 1 or more.");
        }
        List<Heap> heaps = partitions == 1
                ? List.of()
                : facts.leaves().stream().map(leaf -> Heap.of(database, leaf)).toList();
        double share = heaps.stream().mapToDouble(Heap::rows).sum() / partitions;
        List<KeyRange> ranges = new ArrayList<>();
        for (int i = 0; i < facts.leaves().size(); i++) {
            Leaf leaf = facts.leaves().get(i);
            var whole = new KeyRange(leaf.name().sql(), facts.keyColumns(), null, lastKey(database, facts, leaf));
            int parts = heaps.isEmpty() || whole.upper() == null
                    ? 1
                    : facts.leaves().size() == 1
                            ? partitions
                            : parts(heaps.get(i).rows(), share);
            List<List<String>> cuts = parts == 1 ? List.of() : cuts(database, facts, leaf, heaps.get(i), whole, parts);
            ranges.addAll(between(whole, cuts));
        }
        return List.copyOf(ranges);
    }

    private static int parts(long rows, double share) {
        return rows <= WHOLE * share ? 1 : (int) Math.ceil(rows / share);
    }

    /** The ranges that these cuts make of a whole one. */
    static List<KeyRange> between(KeyRange whole, List<List<String>> cuts) {
        List<KeyRange> ranges = new ArrayList<>();
        List<String> lower = whole.lower();
        for (List<String> cut : cuts) {
            ranges.add(new KeyRange(whole.relation(), whole.key(), lower, cut));
            lower = cut;
        }
        ranges.add(new KeyRange(whole.relation(), whole.key(), lower, whole.upper()));
        return ranges;
    }

    /** The upper bounds of all parts but the last, ascending, each below the range's last key. */
    private static List<List<String>> cuts(
            Database database, TableFacts facts, Leaf leaf, Heap heap, KeyRange whole, int parts) {
        if (heap.rows() <= WALKED_KEYS) {
            KeyHops walk = KeyHops.of(database, facts, whole, 2 * WALKED_KEYS, parts);
            if (walk.complete()) {
                return walk.cuts(parts);
            }
        }
        Optional<List<List<String>>> binned =
                Histogram.of(database, facts, leaf, whole).flatMap(h -> h.cuts(parts));
        if (binned.isPresent()) {
            return binned.get();
        }
        Optional<PageSample> sample = PageSample.of(database, facts, heap, whole, parts);
        if (sample.isPresent() && sample.get().evenFor(parts)) {
            return sample.get().cuts();
        }
        // hardly any rows on its pages, or no pages to read
        KeyHops walk = KeyHops.of(database, facts, whole, 2 * WALKED_KEYS, parts);
        return walk.complete() ? walk.cuts(parts) : sample.map(PageSample::cuts).orElse(List.of());
    }

    private static @Nullable List<String> lastKey(Database database, TableFacts facts, Leaf leaf) {
        KeySql key = new KeySql("t", facts.key());
        return new KeyQuery()
                        .add("SELECT " + key.textArray() + " AS key FROM ONLY "
                                + leaf.name().sql() + " AS \"t\" ORDER BY " + key.descending() + " LIMIT 1")
                        .fetch(database, row -> KeyQuery.key(row, "key"))
                        .stream()
                        .findFirst()
                        .orElse(null);
    }
}
