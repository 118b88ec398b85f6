package dev.sluice.checkpoint;

import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One walk over the rows.
 *
 * @param run its run
 * @param number counts from 0
 * @param kind what it walks for
 * @param condition the SQL condition a verification checks
 * @param look the first pass of the look at the rows that this one is part of: a look goes on with another pass where
 *     partitions came meanwhile; its own number for passes that change rows
 * @param startedAt before its first read, the database's clock
 * @param finishedAt when its last partition was done
 */
public record Pass(
        UUID run,
        int number,
        Kind kind,
        @Nullable String condition,
        int round,
        Instant startedAt,
        @Nullable Instant finishedAt) {

    /** What a pass walks for. */
    public enum Kind {
        /** the first change of the rows */
        MIGRATE,
        /** another change, of rows that came late */
        SWEEP,
        /** looks at the migrated table */
        VERIFY,
        /** looks at the filled table for rows without a source */
        ORPHANS;

        /** As in the database and the API. */
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The kind with this code. */
        public static Kind of(String code) {
            return valueOf(code.toUpperCase(Locale.ROOT));
        }

        /** Whether it changes rows. */
        public boolean changes() {
            return this == MIGRATE || this == SWEEP;
        }
    }
}
