package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker whose signs of life end with an error: it says so, goes on trying, and is ready again when they succeed. */
@Tag("database")
class PeriodicWorkIT {
    @TempDir
    Path jobs;

    private final AtomicBoolean broken = new AtomicBoolean();

    /** Breaks what is done with every sign of life: the look at the clock. */
    private final Time time = new Time() {
        @Override
        public Instant now() {
            if (broken.get() && Thread.currentThread().getName().equals("presence")) {
                throw new StackOverflowError("for a test");
            }
            return Time.system().now();
        }

        @Override
        public long nanos() {
            return Time.system().nanos();
        }

        @Override
        public void pause(Duration length) throws InterruptedException {
            Time.system().pause(length);
        }
    };

    @Test
    void itIsNotReadySaysWhyAndRecovers() {
        try (Bench bench = Bench.start("broken", jobs, TestPostgres.create(), time)) {
            await().until(() -> bench.get("/health/ready").status() == 200);
            broken.set(true);
            await().until(() -> bench.get("/health/ready").status() == 503);
            assertThat(bench.get("/health/ready").at("/detail"))
                    .contains("periodic-work: sign of life of this worker failed with StackOverflowError");
            broken.set(false);
            await().until(() -> bench.get("/health/ready").status() == 200);
        }
    }
}
