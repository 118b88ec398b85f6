package dev.sluice.table;

import dev.sluice.table.TableFacts.Column;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jooq.DSLContext;
import org.jooq.Record;

/** Reads the columns of a table from the catalog. */
final class Columns {
    /**
     * Columns; bound: oid. A NOT NULL that is NOT VALID (18) does not count. Comparable is what is of the system's own
     * types with an equality, enums, and domains and arrays of these: not json or xml, and not the composite types,
     * where a field may have none. {@code equals} names the operator of a type of another schema, which the search_path
     * may not lead to.
     */
    private static final String QUERY = """
            SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
                   a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
                   EXISTS (
                     SELECT FROM pg_catalog.pg_type t
                       LEFT JOIN pg_catalog.pg_type d ON d.oid = t.typbasetype
                       LEFT JOIN pg_catalog.pg_type e ON e.oid = coalesce(d.typelem, t.typelem)
                              AND coalesce(d.typcategory, t.typcategory) = 'A'
                       JOIN pg_catalog.pg_type b ON b.oid = coalesce(e.oid, d.oid, t.oid)
                      WHERE t.oid = a.atttypid
                        AND (b.typtype = 'e'
                             OR b.typnamespace = 'pg_catalog'::regnamespace
                                AND (b.typtype IN ('r', 'm')
                                     OR b.typtype = 'b' AND EXISTS (
                                       SELECT FROM pg_catalog.pg_opclass o
                                         JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
                                        WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
                                          AND (o.opcintype = b.oid OR EXISTS (
                                            SELECT FROM pg_catalog.pg_cast k
                                             WHERE k.castsource = b.oid AND k.casttarget = o.opcintype
                                               AND k.castmethod = 'b' AND k.castcontext = 'i')))))) AS comparable,
                   coalesce((
                     SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || p.oprname || ')'
                       FROM pg_catalog.pg_opclass o
                       JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
                       JOIN pg_catalog.pg_amop x ON x.amopfamily = o.opcfamily AND x.amopstrategy = 3
                            AND x.amoplefttype = o.opcintype AND x.amoprighttype = o.opcintype
                       JOIN pg_catalog.pg_operator p ON p.oid = x.amopopr
                       JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
                      WHERE o.opcdefault AND o.opcintype = a.atttypid AND n.nspname <> 'pg_catalog'
                      LIMIT 1), '=') AS equals,
                   a.attnotnull AND NOT EXISTS (
                     SELECT FROM pg_catalog.pg_constraint c
                      WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND NOT c.convalidated
                        AND a.attnum = ANY (c.conkey)) AS not_null
              FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum""";

    private Columns() {}

    /** By name, in the table's order. */
    static Map<String, Column> of(DSLContext sql, long oid) {
        Map<String, Column> columns = new LinkedHashMap<>();
        for (Record r : sql.fetch(QUERY, oid)) {
            String name = r.get("attname", String.class);
            columns.put(
                    name,
                    new Column(
                            name,
                            r.get("type", String.class),
                            r.get("not_null", boolean.class),
                            r.get("generated", boolean.class),
                            r.get("comparable", boolean.class),
                            r.get("equals", String.class)));
        }
        return Collections.unmodifiableMap(columns);
    }
}
