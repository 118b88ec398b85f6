package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts.Leaf;

/**
 * The size of a leaf now.
 *
 * @param rows estimated from the file's size, at the density of the last VACUUM or ANALYZE, as the planner does;
 *     without one, at that of {@value #PROBED_PAGES} pages: the planner's guess from the columns' widths was 3 times
 *     too high for a text of 190 bytes
 * @param pages of the file
 * @param sampled whether its pages can be read one by one, which the {@code heap} access method can, for a role that
 *     may SELECT from the whole table: a place on disk is no column that could be granted
 */
record Heap(long rows, long pages, boolean sampled) {
    static final int PROBED_PAGES = 100;

    private static final String PLAN_ROWS = "\"Plan Rows\":";

    /** Bound: oid. */
    private static final String SIZE = """
            SELECT pg_relation_size(c.oid) / current_setting('block_size')::int AS pages, a.amname = 'heap' AND has_table_privilege(c.oid, 'SELECT') AS heap,
                   c.reltuples >= 0 AND c.relpages > 0 AS known
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam WHERE c.oid = ?::oid""";

    private record Size(long pages, boolean heap, boolean known) {}

    /** Reads it; of a leaf that has been dropped since, nothing is known. */
    static Heap of(Database database, Leaf leaf) {
        Size size = new KeyQuery()
                        .add(SIZE, leaf.oid())
                        .fetch(
                                database,
                                row -> new Size(row.getLong("pages"), row.getBoolean("heap"), row.getBoolean("known")))
                        .stream()
                        .findFirst()
                        .orElse(new Size(0, false, false));
        if (size.pages() == 0) {
            return new Heap(0, 0, false); // the planner would guess at ten pages
        }
        long rows = size.known() || !size.heap() ? planned(database, leaf) : probed(database, leaf, size.pages());
        return new Heap(rows, size.pages(), size.heap());
    }

    /** Without a lock on any row, and without reading one. */
    private static long planned(Database database, Leaf leaf) {
        String plan = new KeyQuery()
                .add("EXPLAIN (FORMAT JSON) SELECT FROM ONLY " + leaf.name().sql())
                .fetch(database, row -> row.getString(1))
                .getFirst();
        String rest = plan.substring(plan.indexOf(PLAN_ROWS) + PLAN_ROWS.length());
        return Long.parseLong(rest.substring(0, rest.indexOf(',')).strip());
    }

    private static long probed(Database database, Leaf leaf, long pages) {
        long probed = Math.min(PROBED_PAGES, pages);
        long found = addPages(new KeyQuery().add("WITH "), pages, probed)
                .add(" SELECT count(*) FROM b CROSS JOIN LATERAL (SELECT FROM ONLY "
                        + leaf.name().sql() + " AS \"t\" WHERE " + ON_PAGE + " OFFSET 0) AS p")
                .fetch(database, row -> row.getLong(1))
                .getFirst();
        return Math.round((double) found * pages / probed);
    }

    /** Adds the CTE {@code b} of random pages, one from each of equal stretches of the file. */
    static KeyQuery addPages(KeyQuery query, long all, long wanted) {
        return query.add(
                "b AS MATERIALIZED (SELECT DISTINCT (floor((i + random()) * ? / ?))::bigint AS page"
                        + " FROM generate_series(0, ? - 1) AS i)",
                all,
                wanted,
                wanted);
    }

    /** The rows of table {@code t} on page {@code b.page}: a tid range, which reads that page alone. */
    static final String ON_PAGE = "\"t\".ctid >= CAST('(' || b.page || ',0)' AS tid)"
            + " AND \"t\".ctid < CAST('(' || b.page + 1 || ',0)' AS tid)";
}
