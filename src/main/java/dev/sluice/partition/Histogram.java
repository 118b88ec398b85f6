package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.KeyColumn;
import dev.sluice.table.TableFacts.Leaf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the planner's histogram of a single-column key knows about a range: keys that part the relation, as it was when
 * it was last analysed, into bins of equally many rows. Reads the catalog alone.
 *
 * @param bounds those inside the range, in order, the last one up to its last key; they need not exist any more
 * @param bins of the whole relation
 * @param fresh whether it still describes the relation: at most {@value #STALE_PERCENT} percent of the rows were
 *     written since, and the file has not grown by more than that
 */
record Histogram(List<String> bounds, int bins, boolean fresh) {
    /** Autovacuum analyses after as many changes (autovacuum_analyze_scale_factor, 0.1 by default). */
    private static final int STALE_PERCENT = 10;

    /**
     * Bins for each part that make the cuts even enough: a cut at a bound is off by half a bin, so a part by one bin at
     * most, a sixth of it. The sampling error of ANALYZE comes on top: with 300 rows sampled for each bin
     * (src/backend/commands/analyze.c) a part of 6 bins has a standard deviation of 1/sqrt(1800), 2.4 percent.
     */
    private static final int BINS_PER_PART = 6;

    /** The collation of a column, and whether its statistics still hold; bound: oid, name. */
    private static final String STATE = """
            SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname) AS collation,
                   (pg_stat_get_last_analyze_time(c.oid) IS NOT NULL
                     OR pg_stat_get_last_autoanalyze_time(c.oid) IS NOT NULL)
                     AND pg_stat_get_mod_since_analyze(c.oid) * 100 <= c.reltuples * %1$d
                     AND pg_relation_size(c.oid) / current_setting('block_size')::int * 100
                         <= c.relpages * (100 + %1$d) AS fresh
              FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
              LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
              LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
             WHERE c.oid = ?::oid AND a.attname = ? AND NOT a.attisdropped""".formatted(STALE_PERCENT);

    /** With fewer bounds inside a range, its ends outweigh the bins between them. */
    static final int FEWEST_INSIDE = 3;

    private record State(String collate, boolean fresh) {}

    private record Bound(String key, int number, int of) {}

    /**
     * Looks it up.
     *
     * @param range of the leaf
     * @return empty for a composite key, and where there is no histogram or the role may not read it
     */
    static Optional<Histogram> of(Database database, TableFacts facts, Leaf leaf, KeyRange range) {
        if (facts.key().size() != 1) {
            return Optional.empty();
        }
        KeyColumn column = facts.key().getFirst();
        Optional<State> state = new KeyQuery()
                        .add(STATE, leaf.oid(), column.name())
                        .fetch(database, row -> {
                            @Nullable String collation = row.getString("collation");
                            return new State(collation == null ? "" : " COLLATE " + collation, row.getBoolean("fresh"));
                        })
                        .stream()
                        .findFirst();
        return state.flatMap(s -> {
            List<Bound> found = bounds(leaf, column, range, s.collate())
                    .fetch(database, row -> new Bound(row.getString("key"), row.getInt("n"), row.getInt("bounds")));
            return found.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Histogram(
                            found.stream()
                                    .filter(b -> b.number() > 0)
                                    .map(Bound::key)
                                    .toList(),
                            found.getFirst().of() - 1,
                            s.fresh()));
        });
    }

    /**
     * The bounds inside the range by their numbers, and one row with number 0. An {@code anyarray} becomes values of
     * the key's type by way of their texts, one by one: a key may be an array itself.
     */
    private static KeyQuery bounds(Leaf leaf, KeyColumn column, KeyRange range, String collate) {
        KeySql key = new KeySql("t", List.of(column));
        KeyQuery query = new KeyQuery()
                .add(
                        "WITH h AS MATERIALIZED (SELECT CAST(CAST(s.histogram_bounds AS text) AS text[])"
                                + " AS bounds FROM pg_catalog.pg_stats s WHERE s.schemaname = ? AND s.tablename = ?"
                                + " AND s.attname = ? AND NOT s.inherited AND s.histogram_bounds IS NOT NULL)"
                                + " SELECT '' AS key, 0 AS n, cardinality(h.bounds) AS bounds FROM h UNION ALL"
                                + " SELECT u.k1::text, u.n, cardinality(h.bounds)"
                                + " FROM h CROSS JOIN LATERAL (SELECT CAST(b.t AS " + column.type()
                                + ") AS k1, b.n FROM unnest(h.bounds) WITH ORDINALITY AS b(t, n)) AS u WHERE true",
                        leaf.name().schema(),
                        leaf.name().name(),
                        column.name());
        if (range.lower() != null) {
            query.add(
                    " AND " + key.compare("u.k1" + collate, ">", key.parameter(0)),
                    range.lower().getFirst());
        }
        if (range.upper() != null) {
            query.add(
                    " AND " + key.compare("u.k1" + collate, "<=", key.parameter(0)),
                    range.upper().getFirst());
        }
        return query.add(" ORDER BY n");
    }

    /**
     * The last keys of all parts but the last one.
     *
     * @return empty when the bins are too few for so many parts, or it is no longer true: it is not fresh, or over a
     *     tenth of its bounds lie outside of the range, which is to be the whole relation's
     */
    Optional<List<List<String>>> cuts(int parts) {
        boolean whole = bounds.size() * 100L >= (bins + 1) * (100L - STALE_PERCENT);
        int between = bounds.size() - 1;
        if (!fresh || !whole || between < (long) BINS_PER_PART * parts) {
            return Optional.empty();
        }
        List<List<String>> cuts = new ArrayList<>();
        for (int i = 1; i < parts; i++) {
            cuts.add(List.of(bounds.get((int) Math.round((double) between * i / parts))));
        }
        return Optional.of(cuts);
    }

    /**
     * The bound in the middle of the range; empty when there are fewer than {@value #FEWEST_INSIDE}, which may be far
     * from it.
     */
    Optional<List<String>> middle() {
        return bounds.size() < FEWEST_INSIDE ? Optional.empty() : Optional.of(List.of(bounds.get(bounds.size() / 2)));
    }
}
