package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A walk over a range's keys by the index, in hops of {@value #HOP} keys, each a statement of its own. It keeps every
 * n-th key as a mark, and where the marks become too many it drops every other one, so its memory does not grow with
 * the range.
 *
 * @param marks the kept keys: the first is key number {@code every}, the second {@code 2 * every}, and so on
 * @param every distance between two marks, in keys
 * @param count keys walked
 * @param last the last key walked; null when there was none
 * @param complete whether the range ended before the walk's limit
 */
record KeyHops(
        List<List<String>> marks,
        long every,
        long count,
        @Nullable List<String> last,
        boolean complete) {
    /**
     * Keys read by one statement: some 10 to 20 ms where the pages are cached, so that a statement stays below a
     * batch's target time.
     */
    static final int HOP = 10_000;

    /** Marks kept for each part wanted: a cut is then off by at most 1/64 of a part. */
    private static final int MARKS_PER_PART = 64;

    /** One kept key, its number counted from the start of its hop. */
    private record Mark(List<String> key, long number, long hopped) {}

    /**
     * Walks.
     *
     * @param limit keys after which the walk gives up, rounded up to whole hops
     * @param parts equal parts the marks are wanted for
     */
    static KeyHops of(Database database, TableFacts facts, KeyRange range, long limit, int parts) {
        KeySql key = new KeySql("t", facts.key());
        List<List<String>> marks = new ArrayList<>();
        List<String> last = range.lower();
        long every = 1;
        long count = 0;
        while (count < limit) {
            List<Mark> hop = hop(key, range, last, count, every)
                    .fetch(
                            database,
                            row -> new Mark(KeyQuery.key(row, "key"), row.getLong("n"), row.getLong("hopped")));
            if (hop.isEmpty()) {
                return new KeyHops(marks, every, count, count == 0 ? null : last, true);
            }
            for (Mark mark : hop) {
                if ((count + mark.number()) % every == 0) {
                    marks.add(mark.key());
                }
            }
            last = hop.getLast().key();
            count += hop.getLast().hopped();
            while (marks.size() > (long) MARKS_PER_PART * parts) {
                every *= 2;
                marks = everySecond(marks);
            }
            if (hop.getLast().hopped() < HOP) {
                return new KeyHops(marks, every, count, last, true);
            }
        }
        return new KeyHops(marks, every, count, last, false);
    }

    /**
     * The marks of the next hop and its last key. On {@code app.u (id bigint)}:
     *
     * <pre>{@code
     * SELECT ARRAY[p.k1::text] AS key, p.n, p.hopped
     *   FROM (SELECT q.*, count(*) OVER () AS hopped
     *           FROM (SELECT "t"."id" AS k1, row_number() OVER (ORDER BY "t"."id") AS n FROM ONLY "app"."u" AS "t"
     *                  WHERE "t"."id" > CAST(? AS bigint) AND "t"."id" <= CAST(? AS bigint)
     *                  ORDER BY "t"."id" LIMIT 10000) AS q) AS p
     *  WHERE (p.n + ?) % ? = 0 OR p.n = p.hopped ORDER BY p.n
     * }</pre>
     */
    private static KeyQuery hop(KeySql key, KeyRange range, @Nullable List<String> after, long count, long every) {
        return new KeyQuery()
                .add("SELECT " + key.textArrayOf("p")
                        + " AS key, p.n, p.hopped FROM (SELECT q.*, count(*) OVER () AS hopped"
                        + " FROM (SELECT " + key.namedList() + ", row_number() OVER (ORDER BY " + key.list() + ") AS n"
                        + " FROM ONLY " + range.relation() + " AS \"t\" WHERE ")
                .addRange(key, after, range.upper())
                .add(" ORDER BY " + key.list() + " LIMIT " + HOP + ") AS q) AS p")
                .add(" WHERE (p.n + ?) % ? = 0 OR p.n = p.hopped ORDER BY p.n", count, every);
    }

    private static List<List<String>> everySecond(List<List<String>> marks) {
        List<List<String>> kept = new ArrayList<>();
        for (int i = 1; i < marks.size(); i += 2) {
            kept.add(marks.get(i));
        }
        return kept;
    }

    /** The last keys of all parts but the last one; fewer when there are fewer keys than parts. */
    List<List<String>> cuts(int parts) {
        List<List<String>> cuts = new ArrayList<>();
        long before = 0;
        for (int i = 1; i < parts; i++) {
            long mark = Math.round((double) count * i / parts / every);
            if (mark > before && mark * every < count) {
                cuts.add(marks.get((int) mark - 1));
                before = mark;
            }
        }
        return cuts;
    }

    /** The key in the middle; empty when there are fewer than two. */
    Optional<List<String>> middle() {
        return cuts(2).stream().findFirst();
    }
}
