package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run that two workers carry is tuned by one of them: both follow, and so does one that is started when they are
 * gone.
 */
@Tag("database")
class TuneIT {
    private static final int FAST = 3000;
    private static final int SLOW = 300;

    private final Time time = Time.system();

    @TempDir
    private Path folder;

    @Test
    void aLimitIsInEffectOnEveryWorkerWithItsNextBatchAndKeptAcrossRestarts() throws Exception {
        TestPostgres.Fresh db = TestPostgres.create();
        Bench.people(db, 200_000);
        String job = Bench.job("tuned", "partitions: 3", Bench.throttle("rows-per-second: " + FAST));
        String run;
        try (Bench second = Bench.narrow("two", folder, db);
                Bench first = Bench.narrow("one", folder, db)) {
            second.define("tuned", job);
            first.define("tuned", job);
            run = first.run("tuned");
            Bench.awaitTwoWorkers(db);
            first.awaitRows(run);
            var tuned = first.cli("tune", run, "--rows-per-second", "" + SLOW, "--cores", "20%");
            assertThat(tuned.code()).as(tuned.err()).isZero();
            awaitNextBatches(db, run);
            assertThat(rate(db, run)).as("rows/s of both").isBetween(SLOW * 0.7, SLOW * 1.3);
        }
        try (Bench third = Bench.start(Files.createDirectories(folder.resolve("three")), db)) {
            third.define("tuned", job);
            awaitNextBatches(db, run);
            assertThat(rate(db, run)).as("rows/s after a restart").isBetween(SLOW * 0.7, SLOW * 1.3);
            assertThat(third.get("/api/v1/runs/" + run).at("/settings/rowsPerSecond"))
                    .isEqualTo("" + SLOW);
            assertThat(third.get("/api/v1/runs/" + run).at("/settings/cores")).isEqualTo("0.2");
            assertThat(third.cli("status", "tuned").out()).contains("cores 20% beside others");
            assertThat(db.value("SELECT count(*) FROM sluice.event WHERE action = 'run.tuned' AND actor = 'local'"))
                    .isEqualTo("1");
            assertThat(third.post("/api/v1/runs/" + run + "/cancel").status()).isEqualTo(200);
        }
    }

    /** Each partition that is walked has got past the batch that may have been in flight. */
    private static void awaitNextBatches(TestPostgres.Fresh db, String run) {
        String open = " FROM sluice.checkpoint WHERE pass = 0 AND NOT done AND run_id = '" + run + "'";
        db.run("DROP TABLE IF EXISTS seen", "CREATE TABLE seen AS SELECT partition, batches" + open);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> db.value("SELECT count(*) FROM seen s JOIN (SELECT partition, batches" + open
                                + ") c USING (partition) WHERE c.batches < s.batches + 2")
                        .equals("0"));
    }

    private double rate(TestPostgres.Fresh db, String run) throws InterruptedException {
        double[] from = sample(db, run);
        time.pause(Duration.ofSeconds(5));
        double[] to = sample(db, run);
        return (to[1] - from[1]) / (to[0] - from[0]);
    }

    /** Seconds by the database's clock, and keys walked so far. */
    private static double[] sample(TestPostgres.Fresh db, String run) {
        String[] now = db.value("SELECT extract(epoch FROM clock_timestamp()) || ' ' || sum(scanned)"
                        + " FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run + "'")
                .split(" ", -1);
        return new double[] {Double.parseDouble(now[0]), Double.parseDouble(now[1])};
    }
}
