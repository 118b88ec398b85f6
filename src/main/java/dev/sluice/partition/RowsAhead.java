package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.table.TableFacts;
import java.util.OptionalDouble;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the rows that a walk comes to next lie on disk. The statistics tell of the whole table, and a walk spoils them:
 * rows that it has changed lie elsewhere.
 *
 * <p>Reads the next {@value #SAMPLE} keys by the index, and their rows on as many pages at most, but for dead rows that
 * the index still names: pages that the next batches read anyway.
 */
public final class RowsAhead {
    private static final Logger LOG = LoggerFactory.getLogger(RowsAhead.class);

    /** Keys that are looked at. */
    static final int SAMPLE = 1_000;
    /** With fewer keys the first and the last page, of which only a part is seen, weigh too much. */
    static final int FEWEST = 100;

    private RowsAhead() {}

    /**
     * How many of the next keys have their rows on one page, the mean over these keys. That is not keys by pages: where
     * two fifths of the rows lie each on a page of its own, since an application changed them, and the others by thirty
     * on a page, two rows would come to a page, but the mean is 18, and most rows can be changed in place.
     *
     * @param left after the cursor (null: from the relation's first key) up to the partition's last key
     * @return empty when fewer than {@value #FEWEST} keys are left, or when the server did not let them be read
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database does not answer
     */
    public static OptionalDouble onOnePage(Database database, TableFacts facts, KeyRange left) {
        if (left.upper() == null) {
            return OptionalDouble.empty();
        }
        try {
            return query(new KeySql("t", facts.key()), left)
                    .fetch(
                            database,
                            row -> row.getLong("keys") < FEWEST
                                    ? OptionalDouble.empty()
                                    : OptionalDouble.of(row.getDouble("together")))
                    .getFirst();
        } catch (DataAccessException e) {
            SqlFailure failure =
                    SqlFailure.in(e).filter(f -> !f.kind().holds()).orElseThrow(() -> database.unavailable(e));
            LOG.info(
                    "how the next rows of {} lie on disk could not be seen, and its statistics alone count: {}",
                    left.relation(),
                    failure);
            return OptionalDouble.empty();
        }
    }

    /**
     * One row, also when there is no key. On {@code app.u (id bigint)}:
     *
     * <pre>{@code
     * SELECT sum(p.n) AS keys, sum(p.n * p.n)::float8 / sum(p.n) AS together
     *   FROM (SELECT count(*) AS n
     *           FROM (SELECT ("t".ctid::text::point)[0]::bigint AS page FROM ONLY "app"."u" AS "t"
     *                  WHERE "t"."id" > CAST(? AS bigint) AND "t"."id" <= CAST(? AS bigint)
     *                  ORDER BY "t"."id" LIMIT 1000) AS s
     *          GROUP BY s.page) AS p
     * }</pre>
     */
    private static KeyQuery query(KeySql key, KeyRange left) {
        return new KeyQuery()
                .add("SELECT sum(p.n) AS keys, sum(p.n * p.n)::float8 / sum(p.n) AS together"
                        + " FROM (SELECT count(*) AS n FROM (SELECT (\"t\".ctid::text::point)[0]::bigint AS page FROM ONLY "
                        + left.relation() + " AS \"t\" WHERE ")
                .addRange(key, left.lower(), left.upper())
                .add(" ORDER BY " + key.list() + " LIMIT " + SAMPLE + ") AS s GROUP BY s.page) AS p");
    }
}
