package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.io.IOException;
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
        try (Bench one = Bench.narrow("one", folder, db);
                Bench two = Bench.narrow("two", folder, db)) {
            String job = Bench.job("shared", "partitions: 3", Bench.throttle("rows-per-second: " + LIMIT));
            two.define("shared", job);
            one.define("shared", job);
            String run = one.run("shared");
            Bench.awaitTwoWorkers(db);
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
