package dev.sluice.table;

import dev.sluice.database.Database;
import dev.sluice.sql.TableName;
import java.util.List;
import org.jooq.exception.DataAccessException;

/** The columns that every new row of a table must be given: NOT NULL, without default, identity or generation. */
public final class RequiredColumns {
    private static final String QUERY = """
            SELECT a.attname
              FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
             WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped
               AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
               AND t.typdefault IS NULL
             ORDER BY a.attnum""";

    private RequiredColumns() {}

    /**
     * Their names, in the table's order.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database does not answer
     */
    public static List<String> of(Database database, TableName table) {
        try {
            return database.sql().fetch(QUERY, table.schema(), table.name()).getValues(0, String.class);
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }
}
