package dev.sluice.job;

import dev.sluice.sql.TableName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a job does to the rows of a batch. Expressions are SQL of the target database, from the job file alone. */
public sealed interface Shape {

    /**
     * {@code set}: columns of the table itself get new values.
     *
     * @param columns column name (unquoted) to SQL expression over the same row, in the file's order
     */
    record Set(Map<String, String> columns) implements Shape {
        public Set {
            columns = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(columns));
        }
    }

    /**
     * {@code insert}: rows of another table are made from rows of this one, which are locked FOR SHARE meanwhile.
     *
     * @param target {@code into}, the table that is filled
     * @param columns column of {@code into} (unquoted) to SQL expression over a source row, in the file's order
     * @param conflict what happens where the row exists
     * @param checkOrphans whether verification also looks for rows of {@code into} that have no source row
     */
    record Insert(TableName target, Map<String, String> columns, Conflict conflict, boolean checkOrphans)
            implements Shape {
        public Insert {
            columns = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(columns));
        }
    }

    /** {@code delete}: the rows that match {@code where} go. */
    record Delete() implements Shape {}

    /**
     * {@code sql}: one INSERT, UPDATE or DELETE (MERGE from PostgreSQL 17) with the placeholder {@code {batch:alias}}
     * once.
     *
     * @param statement as written, the placeholder still in it
     * @param alias the alias the placeholder names, unquoted; a range condition over that alias' key takes its place
     */
    record Sql(String statement, String alias) implements Shape {}

    /**
     * Conflict handling of an insert.
     *
     * @param columns the unique key of {@code into} (unquoted), never empty
     * @param action what to do with a row that exists
     */
    record Conflict(List<String> columns, Action action) {
        public Conflict {
            columns = List.copyOf(columns);
        }

        /** What to do with a row that exists. */
        public enum Action {
            /** keep it */
            NOTHING,
            /** overwrite the other columns */
            UPDATE,
            /** let the statement fail with 23505 */
            ERROR
        }
    }

    /** The {@code into} of an insert, if this is one. */
    default Optional<TableName> into() {
        return this instanceof Insert insert ? Optional.of(insert.target()) : Optional.empty();
    }
}
