package dev.sluice.verify;

import org.jspecify.annotations.Nullable;

/**
 * How a job is proven.
 *
 * @param kind on what ground
 * @param condition over the migrated table; a row violates where it IS NOT TRUE. Null for {@link Kind#RANGES}
 * @param idempotent whether the change gives the same result when it is made twice
 * @param readsOtherTables whether an expression of {@code set} reads other tables
 * @param because why this kind, for people
 */
public record Verification(
        Kind kind, @Nullable String condition, boolean idempotent, boolean readsOtherTables, String because) {

    /** On what ground. */
    public enum Kind {
        /** {@code switch.verify} of the job file */
        GIVEN,
        /** every column equals its expression, which also finds rows that old code made stale */
        EQUALITY,
        /** no row matches {@code where}: completeness only */
        COMPLETENESS,
        /** each range was committed once; nothing to look at */
        RANGES;

        /** As in answers and evidence. */
        public String code() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
