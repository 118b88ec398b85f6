package dev.sluice.bench;

import dev.sluice.bench.Contender.Marks;
import dev.sluice.bench.Contender.Timing;
import dev.sluice.testing.TestPostgres;
import java.sql.SQLException;

/** What people type into psql. Timed: the statement, from sending it to its answer, over JDBC in auto-commit. */
final class Plain {
    /** One statement for the whole table. */
    static final String SINGLE_UPDATE =
            "UPDATE app.people SET full_name = " + People.EXPRESSION + " WHERE full_name IS NULL";

    private Plain() {}

    /** One statement for the whole table. */
    static Timing singleUpdate(TestPostgres.Fresh database, Marks marks) throws SQLException {
        return timed(database, marks, SINGLE_UPDATE);
    }

    /** A loop over the key, 1,000 rows and a commit each time; without checkpoint, throttle or proof. */
    static Timing loop(TestPostgres.Fresh database, Marks marks) throws SQLException {
        return timed(database, marks, loop(0));
    }

    /**
     * The statement of that loop.
     *
     * @param after the key it begins after
     */
    static String loop(long after) {
        return """
                DO $$
                DECLARE
                  done bigint := %d;
                  upto bigint;
                BEGIN
                  LOOP
                    SELECT max(id) INTO upto FROM (SELECT id FROM app.people WHERE id > done ORDER BY id LIMIT 1000) AS k;
                    EXIT WHEN upto IS NULL;
                    UPDATE app.people SET full_name = %s WHERE id > done AND id <= upto AND full_name IS NULL;
                    COMMIT;
                    done := upto;
                  END LOOP;
                END $$""".formatted(after, People.EXPRESSION);
    }

    private static Timing timed(TestPostgres.Fresh database, Marks marks, String sql) throws SQLException {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            marks.begin();
            long begin = System.nanoTime();
            statement.execute(sql);
            double seconds = (System.nanoTime() - begin) / 1e9;
            marks.end();
            return new Timing(seconds);
        }
    }
}
