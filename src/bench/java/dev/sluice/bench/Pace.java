package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How quick a migrate pass was, read from Sluice's own tables while it ran.
 *
 * @param seconds from the pass's {@code started_at} to its {@code finished_at}
 * @param steadyRate rows per second between the first batch that was seen committed and the last one, by the database's
 *     clock: neither the start of the run nor that of the pass is in it
 * @param batches of the pass
 */
record Pace(double seconds, double steadyRate, double batches) {
    private static final String SEEN = """
            SELECT extract(epoch FROM p.finished_at - p.started_at) AS seconds, sum(c.scanned) AS scanned,
              extract(epoch FROM max(c.updated_at)) AS at, sum(c.batches) AS batches
            FROM sluice.pass AS p JOIN sluice.checkpoint AS c USING (run_id, pass)
            WHERE p.run_id = CAST(? AS uuid) AND p.pass = 0 GROUP BY p.finished_at, p.started_at""";

    /** Looks every 50 ms, each time with a snapshot that is gone at once, until the pass is finished. */
    static Pace watch(TestPostgres.Fresh database, String run, Duration patience)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        long firstScanned = 0;
        double firstAt = 0;
        try (var connection = database.connect();
                var look = connection.prepareStatement(SEEN)) {
            look.setString(1, run);
            while (System.nanoTime() < end) {
                try (ResultSet row = look.executeQuery()) {
                    if (row.next()) {
                        double seconds = row.getDouble("seconds");
                        if (!row.wasNull()) {
                            double steady = (row.getLong("scanned") - firstScanned) / (row.getDouble("at") - firstAt);
                            return new Pace(seconds, steady, row.getLong("batches"));
                        }
                        if (firstScanned == 0 && row.getLong("scanned") > 0) {
                            firstScanned = row.getLong("scanned");
                            firstAt = row.getDouble("at");
                        }
                    }
                }
                TimeUnit.MILLISECONDS.sleep(50);
            }
        } catch (SQLException e) {
            throw new IOException(e);
        }
        throw new IOException("the migrate pass is not finished after " + patience);
    }
}
