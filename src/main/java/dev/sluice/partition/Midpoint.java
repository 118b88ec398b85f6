package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.util.List;
import java.util.Optional;

/**
 * Finds the key that cuts what is left of a partition roughly in half. The cost does not grow with what is left: a
 * fresh {@link Histogram} where at least 3 of its bounds fall inside, otherwise a {@link KeyHops} of at most
 * {@value #WALKED_KEYS} keys, which is exact when it gets to the end, otherwise a {@link PageSample} of
 * {@value PageSample#FEWEST_PAGES} pages. Only where none of them tells is the cut uneven: after the
 * {@value #WALKED_KEYS} keys that were walked.
 */
public final class Midpoint {
    /** Walking them takes some 100 ms where the pages are cached. */
    static final long WALKED_KEYS = 100_000;

    private Midpoint() {}

    /**
     * Looks for it. What is left may shrink meanwhile: whoever cuts there compares again, under the checkpoint's lock.
     *
     * @param left after the cursor (null: from the relation's first key) up to the partition's last key
     * @param minimum keys that each side is to have, at least 1; up to four times as many are read to make sure
     * @return the last key of the first half; empty when fewer than {@code 2 * minimum} keys are left
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    public static Optional<List<String>> of(Database database, TableFacts facts, KeyRange left, int minimum) {
        if (left.upper() == null) {
            return Optional.empty();
        }
        Optional<List<String>> first = KeysOfRange.nth(database, facts, left, minimum);
        if (first.isEmpty()
                || KeysOfRange.nth(database, facts, after(left, first.get()), minimum)
                        .isEmpty()) {
            return Optional.empty();
        }
        return half(database, facts, left)
                .filter(cut -> KeysOfRange.nth(database, facts, upTo(left, cut), minimum)
                                .isPresent()
                        && KeysOfRange.nth(database, facts, after(left, cut), minimum)
                                .isPresent())
                .or(() -> first);
    }

    private static Optional<List<String>> half(Database database, TableFacts facts, KeyRange left) {
        var leaf = Leaves.of(facts, left.relation());
        Optional<Histogram> histogram = leaf.flatMap(l -> Histogram.of(database, facts, l, left));
        Optional<List<String>> bound = histogram.filter(Histogram::fresh).flatMap(Histogram::middle);
        if (bound.isPresent()) {
            return bound;
        }
        KeyHops walk = KeyHops.of(database, facts, left, WALKED_KEYS, 2);
        if (walk.complete()) {
            return walk.middle();
        }
        return leaf.flatMap(l -> PageSample.of(database, facts, Heap.of(database, l), left, 2))
                .filter(PageSample::tells)
                .flatMap(s -> s.cuts().stream().findFirst())
                .or(() -> histogram.flatMap(Histogram::middle))
                .or(() -> Optional.ofNullable(walk.last()));
    }

    private static KeyRange after(KeyRange range, List<String> lower) {
        return new KeyRange(range.relation(), range.key(), lower, range.upper());
    }

    private static KeyRange upTo(KeyRange range, List<String> upper) {
        return new KeyRange(range.relation(), range.key(), range.lower(), upper);
    }
}
