package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run's limit of rows per second, kept by two workers together. Takes as long as the promise says: after 10 s of
 * settling, every window of 30 s is within 5 percent.
 */
@Tag("database")
class SharedRateIT {
    private static final int LIMIT = 3000;
    private static final Duration SETTLING = Duration.ofSeconds(10);
    private static final Duration WINDOW = Duration.ofSeconds(30);
    private static final Duration WATCHED = WINDOW.plusSeconds(6);

    private final Time time = Time.system();

    @TempDir
    private Path folder;

    /**
     * The run at one moment.
     *
     * @param seconds by the database's clock
     * @param scanned keys walked so far
     */
    private record Sample(double seconds, long scanned) {}

    @Test
    void twoWorkersKeepToTheLimitOfOneRun() throws IOException, InterruptedException {
        TestPostgres.Fresh db = TestPostgres.create();
        Bench.people(db, 300_000);
        Path first = Files.createDirectories(folder.resolve("first"));
        Path second = Files.createDirectories(folder.resolve("second"));
        // one place of each is kept for conducting lanes, so no worker has room for all three
        try (Bench one = Bench.start(first, narrow(first, db, "one"), java.util.Optional.empty());
                Bench two = Bench.start(second, narrow(second, db, "two"), java.util.Optional.empty())) {
            String job = Bench.job("shared", "partitions: 3", Bench.throttle("rows-per-second: " + LIMIT));
            two.define("shared", job);
            one.define("shared", job);
            String run = one.run("shared");
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> db.value(
                                    "SELECT count(DISTINCT split_part(carrier, '#', 1)) || ' ' || count(*) FROM sluice.lane"
                                            + " WHERE carrier IS NOT NULL")
                            .equals("2 3"));
            time.pause(SETTLING);
            List<Sample> samples = watch(db, run);
            int windows = 0;
            for (Sample from : samples) {
                for (Sample to : samples) {
                    double length = to.seconds - from.seconds;
                    if (length >= WINDOW.toSeconds()) {
                        windows++;
                        assertThat((to.scanned - from.scanned) / length)
                                .as("rows/s from %.1f to %.1f", from.seconds, to.seconds)
                                .isBetween(LIMIT * 0.95, LIMIT * 1.05);
                    }
                }
            }
            assertThat(windows).isPositive();
            assertThat(one.post("/api/v1/runs/" + run + "/cancel").status()).isEqualTo(200);
        }
    }

    private static java.util.Map<String, String> narrow(Path jobs, TestPostgres.Fresh db, String name) {
        var environment = Bench.environment(jobs, db);
        environment.put("SLUICE_WORKER_NAME", name);
        environment.put("SLUICE_WORKER_THREADS", "3");
        return environment;
    }

    private List<Sample> watch(TestPostgres.Fresh db, String run) throws InterruptedException {
        List<Sample> samples = new ArrayList<>();
        long begin = time.nanos();
        while (time.nanos() - begin < WATCHED.toNanos()) {
            String[] now = db.value("SELECT extract(epoch FROM clock_timestamp()) || ' ' || sum(scanned)"
                            + " FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run + "'")
                    .split(" ", -1);
            samples.add(new Sample(Double.parseDouble(now[0]), Long.parseLong(now[1])));
            time.pause(Duration.ofMillis(250));
        }
        return samples;
    }
}
