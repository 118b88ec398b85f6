package dev.sluice.partition;

import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import java.util.Optional;

/** Finds the leaf that a range is of. */
final class Leaves {
    private Leaves() {}

    /**
     * By its SQL name.
     *
     * @return empty when the table was looked up again since, and has no such leaf any more
     */
    static Optional<Leaf> of(TableFacts facts, String relation) {
        return facts.leaves().stream()
                .filter(leaf -> leaf.name().sql().equals(relation))
                .findFirst();
    }
}
