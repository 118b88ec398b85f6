package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.util.List;
import java.util.Optional;

/**
 * Keys of randomly chosen pages of a leaf, sorted and cut by the database. The pages are drawn one from each of as many
 * equal stretches of the file (stratified), and read by tid range, so nothing else of the table is touched. That is
 * evener than TABLESAMPLE SYSTEM, which draws each page by itself: of a heap in key order, where all rows of a page are
 * neighbours, every part gets its share of the pages to within one; of a heap in random order each row counts by
 * itself.
 *
 * <p>Reads at most {@value #MOST_PAGES} pages, whatever the table's size, and never more than a quarter of a table of
 * over 4,000 pages.
 *
 * @param cuts the last keys of all parts but the last one
 * @param inside keys of the range in the sample
 * @param sampled keys in the sample
 */
record PageSample(List<List<String>> cuts, long inside, long sampled) {
    /** Of a heap in key order a part then has its share of the pages to within 3 percent, for up to 32 parts. */
    static final int FEWEST_PAGES = 1_000;

    /**
     * Pages for each part. Where each page holds neighbours but the pages are in random order, a part of 100 sampled
     * pages has a standard deviation of 1/sqrt(100), a tenth.
     */
    private static final int PAGES_PER_PART = 100;

    /** Random reads of a cold disk at up to 1 ms each stay well below the sessions' statement timeout. */
    static final int MOST_PAGES = 10_000;

    /**
     * Rows for each part, so that the largest of k parts is at most 1.3 times the mean: 4 ln(2n/g)/f^2 for n =
     * 1,000,000 rows, f = 0.3 and an error probability g = 0.01 (Chaudhuri, Motwani, Narasayya: Random sampling for
     * histogram construction, SIGMOD 1998, theorem 5; ANALYZE takes 300 a bin, for f = 0.5).
     */
    private static final int ROWS_PER_PART = 850;

    /**
     * With fewer rows for each part (a standard deviation of a tenth) the pages are nearly empty, and a walk is short.
     */
    private static final int FEWEST_ROWS_PER_PART = 100;

    /** Keys inside the range that make the middle of them a fair middle: its standard deviation is 1/sqrt(4 * 30). */
    private static final int FEWEST_INSIDE = 30;

    private record Row(List<String> key, boolean cut, long inside, long sampled) {}

    /**
     * Draws a sample.
     *
     * @param range of the leaf
     * @param parts equal parts its cuts are wanted for
     * @return empty where the leaf's pages cannot be read one by one
     */
    static Optional<PageSample> of(Database database, TableFacts facts, Heap heap, KeyRange range, int parts) {
        if (!heap.sampled() || heap.pages() == 0) {
            return Optional.empty();
        }
        long pages = pages(heap, parts);
        double density = Math.max(1, (double) heap.rows() / heap.pages());
        double share = Math.min(1, Math.max(ROWS_PER_PART * (double) parts, 30_000) / (pages * density));
        KeySql key = new KeySql("t", facts.key());
        List<Row> rows = query(key, heap.pages(), pages, share, range, parts)
                .fetch(
                        database,
                        row -> new Row(
                                KeyQuery.key(row, "key"),
                                row.getBoolean("cut"),
                                row.getLong("inside"),
                                row.getLong("sampled")));
        if (rows.isEmpty()) {
            return Optional.of(new PageSample(List.of(), 0, 0));
        }
        return Optional.of(new PageSample(
                rows.stream().filter(Row::cut).map(Row::key).toList(),
                rows.getFirst().inside(),
                rows.getFirst().sampled()));
    }

    /** Pages to read. */
    private static long pages(Heap heap, int parts) {
        double density = Math.max(1, (double) heap.rows() / heap.pages());
        long wanted = Math.max((long) PAGES_PER_PART * parts, (long) Math.ceil(ROWS_PER_PART * parts / density));
        long quarter = Math.max(FEWEST_PAGES, heap.pages() / 4);
        return Math.min(Math.min(Math.max(wanted, FEWEST_PAGES), Math.min(quarter, MOST_PAGES)), heap.pages());
    }

    /**
     * On {@code app.u (id bigint)}; the subquery's OFFSET keeps it apart, so that the page is a parameter of its tid
     * range:
     *
     * <pre>{@code
     * WITH b AS MATERIALIZED (                     -- one page of each stretch
     *   SELECT DISTINCT (floor((i + random()) * ? / ?))::bigint AS page FROM generate_series(0, ? - 1) AS i),
     * s AS MATERIALIZED (                          -- their rows, or a share of them
     *   SELECT p.* FROM b CROSS JOIN LATERAL (
     *     SELECT "t"."id" AS k1, "t"."id" > CAST(? AS bigint) AND "t"."id" <= CAST(? AS bigint) AS inside
     *       FROM ONLY "app"."u" AS "t"
     *      WHERE "t".ctid >= CAST('(' || b.page || ',0)' AS tid) AND "t".ctid < CAST('(' || b.page + 1 || ',0)' AS tid)
     *        AND random() < 0.1 OFFSET 0) AS p),
     * r AS (SELECT k1, row_number() OVER (ORDER BY k1) AS n, count(*) OVER () AS inside FROM s WHERE inside)
     * SELECT …                                     -- the last of each part, and the last of all
     * }</pre>
     */
    private static KeyQuery query(KeySql key, long all, long pages, double share, KeyRange range, int parts) {
        return Heap.addPages(new KeyQuery().add("WITH "), all, pages)
                .add(", s AS MATERIALIZED (SELECT p.* FROM b CROSS JOIN LATERAL (SELECT " + key.namedList() + ", ")
                .addRange(key, range.lower(), range.upper())
                .add(" AS inside FROM ONLY " + range.relation() + " AS \"t\""
                        + " WHERE " + Heap.ON_PAGE + " AND random() < " + share
                        + " OFFSET 0) AS p), ")
                .add("r AS (SELECT " + key.names() + ", row_number() OVER (ORDER BY " + key.names() + ") AS n,"
                        + " count(*) OVER () AS inside FROM s WHERE inside) ")
                .add(
                        "SELECT " + key.textArrayOf("r") + " AS key, r.n < r.inside AS cut, r.inside,"
                                + " (SELECT count(*) FROM s) AS sampled"
                                + " FROM r WHERE r.n * ? / r.inside > (r.n - 1) * ? / r.inside ORDER BY r.n",
                        parts,
                        parts);
    }

    /** Whether enough keys of the range are in the sample to say something about it. */
    boolean tells() {
        return inside >= FEWEST_INSIDE;
    }

    /** Whether enough keys of the range are in the sample for so many even parts. */
    boolean evenFor(int parts) {
        return inside >= (long) FEWEST_ROWS_PER_PART * parts;
    }

    /** Keys of the range, by its share of the sample. */
    long keys(Heap heap) {
        return sampled == 0 ? 0 : Math.round((double) inside / sampled * heap.rows());
    }
}
