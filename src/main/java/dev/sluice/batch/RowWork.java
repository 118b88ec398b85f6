package dev.sluice.batch;

import dev.sluice.job.Shape;
import java.util.Optional;

/** What a batch does with the rows of its range. */
public sealed interface RowWork {

    /** Whether it can be done in stripes: it changes rows in place. */
    default boolean stripes() {
        return this instanceof Change change && change.shape() instanceof Shape.Set;
    }

    /**
     * Changes the rows.
     *
     * @param shape how
     * @param where rows still to be done; with {@link Shape.Sql} it stands in the statement itself and is not added
     */
    record Change(Shape shape, Optional<String> where) implements RowWork {}

    /**
     * Looks at the rows and counts those that violate.
     *
     * @param condition SQL; a row violates where it IS NOT TRUE
     * @param where rows that a sweep could still fix; counted apart among the violating ones
     */
    record Look(String condition, Optional<String> where) implements RowWork {}
}
