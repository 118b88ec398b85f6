package dev.sluice.table;

/**
 * The catalog queries behind {@link TableHazards}, each a value that can be read whole. {@code ?} is always an oid or
 * oids.
 */
final class HazardQueries {
    private HazardQueries() {}

    /** The table, its partitions of any depth, leaves or not; bound: oid, oid. */
    static final String TREE = """
            SELECT c.oid::bigint FROM pg_catalog.pg_class c
             WHERE c.oid = ?::oid OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(?::oid))
             ORDER BY c.oid""";

    /** Who asks whom, and the size of it all; bound: tree. */
    static final String SESSION = """
            SELECT current_user::text AS role, current_setting('server_version_num')::int AS version,
                   coalesce(sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::bigint AS bytes
              FROM pg_catalog.pg_class c WHERE c.oid = ANY (?::bigint[]::oid[]) AND c.relkind = 'r'""";

    /** bound: tree. MAINTAIN is unknown before PostgreSQL 17, and there the owner alone may ANALYZE. */
    static final String ACCESS = """
            SELECT n.nspname AS table_schema, c.relname AS table_name,
                   has_schema_privilege(n.oid, 'USAGE') AS usage,
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                            AND has_column_privilege(c.oid, a.attnum, 'SELECT')) AS can_select,
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                            AND has_column_privilege(c.oid, a.attnum, 'UPDATE')) AS can_update,
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                            AND has_column_privilege(c.oid, a.attnum, 'INSERT')) AS can_insert,
                   has_table_privilege(c.oid, 'DELETE') AS can_delete,
                   pg_has_role(c.relowner, 'USAGE')
                     OR CASE WHEN current_setting('server_version_num')::int >= 170000
                             THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS can_analyze
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = ANY (?::bigint[]::oid[])
             ORDER BY c.oid""";

    /** Tables whose policies hold for this role: neither owner (unless forced) nor BYPASSRLS; bound: tree. */
    static final String HIDING = """
            SELECT n.nspname AS table_schema, c.relname AS table_name
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE c.oid = ANY (?::bigint[]::oid[]) AND pg_catalog.row_security_active(c.oid)
             ORDER BY c.oid""";

    /** Enabled triggers of people, the parent's first; bound: tree. */
    static final String TRIGGERS = """
            SELECT t.tgname AS name, n.nspname AS table_schema, c.relname AS table_name, t.tgtype::int AS type,
                   pn.nspname || '.' || p.proname AS function, p.prosrc AS source,
                   coalesce(pg_catalog.array_to_string(p.proconfig, ' ') LIKE '%search_path=%', false) AS has_path,
                   ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) AS update_of
              FROM pg_catalog.pg_trigger t
              JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
              JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
             WHERE t.tgrelid = ANY (?::bigint[]::oid[]) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
               AND (t.tgtype & 28) <> 0
             ORDER BY t.tgparentid <> 0, t.tgname, t.tgrelid""";

    /** Foreign keys from and to the tables, those that partitions copied left out; bound: tree, tree, tree. */
    static final String FOREIGN_KEYS = """
            SELECT k.conname AS name, fn.nspname AS from_schema, f.relname AS from_name,
                   tn.nspname AS to_schema, t.relname AS to_name,
                   k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update,
                   k.confrelid = ANY (?::bigint[]::oid[]) AS incoming,
                   ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o)
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n
                          ORDER BY u.o) AS columns,
                   ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o)
                           JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n
                          ORDER BY u.o) AS referred,
                   EXISTS (SELECT FROM pg_catalog.pg_index i
                            WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
                              AND ARRAY(SELECT u.n FROM unnest(i.indkey) WITH ORDINALITY u(n, o)
                                       WHERE u.o <= cardinality(k.conkey)) @> k.conkey) AS indexed,
                   CASE WHEN f.relkind = 'r' AND f.reltuples < 0 AND pg_relation_size(f.oid) = 0 THEN 0
                        ELSE f.reltuples END::bigint AS from_rows
              FROM pg_catalog.pg_constraint k
              JOIN pg_catalog.pg_class f ON f.oid = k.conrelid
              JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
              JOIN pg_catalog.pg_class t ON t.oid = k.confrelid
              JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
             WHERE k.contype = 'f' AND k.conparentid = 0
               AND (k.conrelid = ANY (?::bigint[]::oid[]) OR k.confrelid = ANY (?::bigint[]::oid[]))
             ORDER BY k.conname, k.oid""";

    /** Publications that list the table, one of its partitions or one of its ancestors; bound: tree, oid. */
    static final String PUBLICATIONS = """
            SELECT p.pubname AS name, p.pubinsert AS inserts, p.pubupdate AS updates, p.pubdelete AS deletes
              FROM pg_catalog.pg_publication p
             WHERE EXISTS (
               SELECT FROM pg_catalog.pg_publication_tables pt
                 JOIN pg_catalog.pg_namespace n ON n.nspname = pt.schemaname
                 JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = pt.tablename
                WHERE pt.pubname = p.pubname
                  AND (c.oid = ANY (?::bigint[]::oid[])
                       OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_ancestors(?::oid) a(relid))))
             ORDER BY p.pubname""";

    /** Every column an index of the table depends on; bound: oid. */
    static final String INDEXES = """
            SELECT c.relname AS name,
                   ARRAY(SELECT DISTINCT a.attname::text
                           FROM pg_catalog.pg_attribute a
                          WHERE a.attrelid = i.indrelid AND a.attnum > 0
                            AND (a.attnum = ANY (i.indkey)
                                 OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                                             WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                               AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
                                               AND d.refobjsubid = a.attnum))) AS columns
              FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = ?::oid AND i.indislive
             ORDER BY c.relname""";

    /** What generated columns are computed from; the column itself depends on that up to PostgreSQL 14; bound: oid. */
    static final String GENERATED = """
            SELECT a.attname AS name,
                   ARRAY(SELECT s.attname::text FROM pg_catalog.pg_depend d
                           JOIN pg_catalog.pg_attribute s ON s.attrelid = d.refobjid AND s.attnum = d.refobjsubid
                          WHERE (d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
                                 OR d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum)
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
                            AND s.attnum <> a.attnum) AS columns
              FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
             WHERE a.attrelid = ?::oid AND a.attgenerated <> '' AND NOT a.attisdropped""";
}
