package dev.sluice.bench;

import dev.sluice.bench.Contender.Marks;
import dev.sluice.bench.Contender.Timing;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;

/** What people type into psql. Timed: the statement, from sending it to its answer, over JDBC in auto-commit. */
final class Plain {
    /** One statement for the whole table. */
    static final String SINGLE_UPDATE =
            "UPDATE app.people SET full_name = " + People.EXPRESSION + " WHERE full_name IS NULL";

    /** Rows that Sluice comes to with its target of 200 ms and without stripes. */
    private static final int LONG_BATCH = 12_500;

    private static final String WITHOUT_WAITING = "SET synchronous_commit = off";

    private Plain() {}

    /** One statement for the whole table. */
    static Timing singleUpdate(TestPostgres.Fresh database, Marks marks) throws SQLException {
        return timed(database, marks, SINGLE_UPDATE);
    }

    /** A loop over the key, 1,000 rows and a commit each time; without checkpoint, throttle or proof. */
    static Timing loop(TestPostgres.Fresh database, Marks marks) throws SQLException {
        return timed(database, marks, loop(0));
    }

    /** The same in batches as long as those of Sluice at full speed, whose commits do not wait for the disk either. */
    static Timing longLoop(TestPostgres.Fresh database, Marks marks) throws SQLException {
        return timed(database, marks, loop(0, LONG_BATCH), WITHOUT_WAITING);
    }

    /**
     * That, beside a session that holds a snapshot: no version of a row can be removed meanwhile, as with the single
     * UPDATE, so that what is left of the difference between the two is what removing them costs.
     */
    static Timing longLoopBesideASnapshot(TestPostgres.Fresh database, Marks marks) throws SQLException {
        try (var holder = database.connect();
                var statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            holder.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            statement.execute("SELECT 1");
            return longLoop(database, marks);
        }
    }

    /**
     * The statement of the loop of 1,000.
     *
     * @param after the key it begins after
     */
    static String loop(long after) {
        return loop(after, 1000);
    }

    private static String loop(long after, int batch) {
        return """
                DO $$
                DECLARE
                  done bigint := %d;
                  upto bigint;
                BEGIN
                  LOOP
                    SELECT max(id) INTO upto FROM (SELECT id FROM app.people WHERE id > done ORDER BY id LIMIT %d) AS k;
                    EXIT WHEN upto IS NULL;
                    UPDATE app.people SET full_name = %s WHERE id > done AND id <= upto AND full_name IS NULL;
                    COMMIT;
                    done := upto;
                  END LOOP;
                END $$""".formatted(after, batch, People.EXPRESSION);
    }

    private static Timing timed(TestPostgres.Fresh database, Marks marks, String sql, String... before)
            throws SQLException {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            for (String setting : before) {
                statement.execute(setting);
            }
            marks.begin();
            long begin = System.nanoTime();
            statement.execute(sql);
            double seconds = (System.nanoTime() - begin) / 1e9;
            marks.end();
            return new Timing(seconds);
        }
    }
}
