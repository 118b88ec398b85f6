package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What ranges make of a table, as the server counts it.
 *
 * @param sizes keys of each range
 * @param covered rows of the table in any of the ranges
 * @param rows of the table
 */
record Cut(List<Long> sizes, long covered, long rows) {

    static Cut of(Database database, TableFacts facts, List<KeyRange> ranges) {
        List<Long> sizes =
                ranges.stream().map(range -> count(database, facts, range)).toList();
        Map<String, KeyQuery> byRelation = new LinkedHashMap<>();
        KeySql key = new KeySql("t", facts.key());
        for (KeyRange range : ranges) {
            KeyQuery query = byRelation.computeIfAbsent(
                    range.relation(),
                    r -> new KeyQuery().add("SELECT count(*) FROM ONLY " + r + " AS \"t\" WHERE false"));
            if (range.upper() != null) {
                query.add(" OR (").addRange(key, range.lower(), range.upper()).add(")");
            }
        }
        long covered = byRelation.values().stream()
                .mapToLong(query -> one(database, query))
                .sum();
        return new Cut(
                sizes,
                covered,
                one(
                        database,
                        new KeyQuery()
                                .add("SELECT count(*) FROM " + facts.name().sql())));
    }

    /** Keys in a range. */
    static long count(Database database, TableFacts facts, KeyRange range) {
        return range.upper() == null
                ? 0
                : one(
                        database,
                        new KeyQuery()
                                .add("SELECT count(*) FROM ONLY " + range.relation() + " AS \"t\" WHERE ")
                                .addRange(new KeySql("t", facts.key()), range.lower(), range.upper()));
    }

    private static long one(Database database, KeyQuery query) {
        return query.fetch(database, row -> row.getLong(1)).getFirst();
    }

    /** Whether each row is in exactly one range: as many in all ranges together as in any. */
    boolean eachRowOnce() {
        return covered == rows && sizes.stream().mapToLong(s -> s).sum() == rows;
    }

    /** The largest range, in mean ranges. */
    double ratio() {
        return sizes.stream().mapToLong(s -> s).max().orElse(0) * (double) sizes.size() / rows;
    }
}
