package dev.sluice.table;

import dev.sluice.database.Database;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.exception.DataAccessException;

/**
 * How a table or leaf lies on disk, as far as it matters to whether its rows can be changed in place (a heap-only
 * update: the new version stays on its page, and no index is touched).
 *
 * @param indexedColumn a column that is changed, or computed from one that is, and is in an index; every change of it
 *     touches every index. BRIN indexes, which PostgreSQL 16 and newer leaves alone, do not count
 * @param indexes all of them, the key's included
 * @param fillfactor percent of a page that INSERT fills
 * @param correlation between the order of the first key column and the order on disk, -1 to 1; empty when never
 *     analysed, or not for this role
 * @param rowsPerPage on average when last analysed; empty when never
 * @param rowBytes of heap for each row, on average when last analysed; empty when never
 * @param rowsAhead of the rows that are walked next, how many lie on one page, as seen on the heap; empty when not
 */
public record HeapFacts(
        Optional<String> indexedColumn,
        int indexes,
        int fillfactor,
        OptionalDouble correlation,
        OptionalDouble rowsPerPage,
        OptionalDouble rowBytes,
        OptionalDouble rowsAhead) {

    /** Nothing is known, and nothing speaks against a change in place. */
    public static final HeapFacts UNKNOWN = new HeapFacts(
            Optional.empty(),
            2,
            100,
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty(),
            OptionalDouble.empty());

    /**
     * One row; bound: names of changed columns, relation, first key column. What a generated column is computed from
     * its default depends on, or up to PostgreSQL 14 the column itself.
     */
    private static final String QUERY = """
            WITH named AS (SELECT ?::text[] AS names),
            heap AS (
              SELECT c.oid, c.reloptions, c.reltuples, c.relpages, n.nspname, c.relname
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.oid = to_regclass(?)),
            changed AS (
              SELECT a.attnum, a.attname
                FROM heap JOIN named ON true JOIN pg_catalog.pg_attribute a ON a.attrelid = heap.oid
               WHERE a.attname = ANY (named.names)
              UNION
              SELECT g.attnum, g.attname
                FROM heap JOIN named ON true
                JOIN pg_catalog.pg_attribute g ON g.attrelid = heap.oid AND g.attgenerated <> ''
                JOIN pg_catalog.pg_attrdef e ON e.adrelid = g.attrelid AND e.adnum = g.attnum
                JOIN pg_catalog.pg_depend d
                  ON (d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
                      OR d.classid = 'pg_class'::regclass AND d.objid = g.attrelid AND d.objsubid = g.attnum)
                 AND d.refclassid = 'pg_class'::regclass AND d.refobjid = g.attrelid
                JOIN pg_catalog.pg_attribute a ON a.attrelid = g.attrelid AND a.attnum = d.refobjsubid
               WHERE a.attname = ANY (named.names))
            SELECT (SELECT ch.attname::text
                      FROM pg_catalog.pg_index i
                      JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
                      JOIN pg_catalog.pg_am m ON m.oid = ic.relam
                      JOIN changed ch ON ch.attnum = ANY (i.indkey)
                        OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                                      AND d.refobjsubid = ch.attnum)
                     WHERE i.indrelid = heap.oid AND i.indislive
                       AND NOT (m.amname = 'brin' AND current_setting('server_version_num')::int >= 160000)
                     ORDER BY 1 LIMIT 1) AS indexed_column,
                   (SELECT count(*) FROM pg_catalog.pg_index i WHERE i.indrelid = heap.oid AND i.indislive)::int AS indexes,
                   coalesce((SELECT o.option_value::int FROM pg_catalog.pg_options_to_table(heap.reloptions) o
                              WHERE o.option_name = 'fillfactor'), 100) AS fillfactor,
                   (SELECT s.correlation::float8 FROM pg_catalog.pg_stats s
                     WHERE s.schemaname = heap.nspname AND s.tablename = heap.relname AND s.attname = ?
                       AND NOT s.inherited) AS correlation,
                   CASE WHEN heap.reltuples > 0 AND heap.relpages > 0
                        THEN heap.reltuples::float8 / heap.relpages END AS rows_per_page,
                   CASE WHEN heap.reltuples > 0 AND heap.relpages > 0
                        THEN current_setting('block_size')::float8 * heap.relpages / heap.reltuples END AS row_bytes
              FROM heap""";

    /**
     * Asks the catalog alone; {@link #UNKNOWN} where there is no such relation.
     *
     * @param relation SQL name of the table or leaf
     * @param firstKeyColumn unquoted
     * @param changed the columns that are changed, unquoted
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database does not answer
     */
    public static HeapFacts of(Database database, String relation, String firstKeyColumn, Collection<String> changed) {
        try {
            return of(database.sql(), relation, firstKeyColumn, changed);
        } catch (DataAccessException e) {
            throw database.unavailable(e);
        }
    }

    private static HeapFacts of(DSLContext sql, String relation, String firstKeyColumn, Collection<String> changed) {
        Record r = sql.fetchOne(QUERY, changed.toArray(String[]::new), relation, firstKeyColumn);
        if (r == null) {
            return UNKNOWN; // dropped or renamed since it was claimed, which its first batch finds out
        }
        return new HeapFacts(
                Optional.ofNullable(r.get("indexed_column", String.class)),
                r.get("indexes", int.class),
                r.get("fillfactor", int.class),
                number(r, "correlation"),
                number(r, "rows_per_page"),
                number(r, "row_bytes"),
                OptionalDouble.empty());
    }

    /** The same, with what was seen of the rows that are walked next. */
    public HeapFacts withRowsAhead(OptionalDouble seen) {
        return new HeapFacts(indexedColumn, indexes, fillfactor, correlation, rowsPerPage, rowBytes, seen);
    }

    private static OptionalDouble number(Record r, String column) {
        Double value = r.get(column, Double.class);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
}
