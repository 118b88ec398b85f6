package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All runs are stopped while two workers carry one, by one of them, and released by a third that was started later. */
@Tag("database")
class StopAllIT {
    private static final int ROWS = 100_000;

    private final Time time = Time.system();

    @TempDir
    private Path folder;

    @Test
    void nothingCommitsAfterTheAnswerOnAnyWorkerAndARestartChangesNothing() throws IOException, InterruptedException {
        TestPostgres.Fresh db = TestPostgres.create();
        Bench.people(db, ROWS);
        String job = Bench.job("stopped", "partitions: 3", Bench.throttle("rows-per-second: 3000"));
        try (Bench second = Bench.narrow("two", folder, db)) {
            second.define("stopped", job);
            String run;
            try (Bench first = Bench.narrow("one", folder, db)) {
                first.define("stopped", job);
                run = first.run("stopped");
                Bench.awaitTwoWorkers(db);
                first.awaitRows(run);
                var stopped = first.post("/api/v1/stop-all");
                String rows = changed(db);
                assertThat(stopped.status()).as(stopped.text()).isEqualTo(200);
                assertThat(stopped.at("/by")).isEqualTo("local");
                time.pause(Duration.ofSeconds(3));
                assertThat(changed(db)).as("three seconds later").isEqualTo(rows);
                var seen = second.get("/api/v1/runs/" + run);
                assertThat(seen.at("/state")).isEqualTo("running");
                assertThat(seen.at("/limitedBy/reason")).isEqualTo("stopped-all");
                await().atMost(Duration.ofSeconds(10))
                        .untilAsserted(() -> assertThat(second.get("/api/v1/runs/" + run)
                                        .text()
                                        .split("\"reason\":\"stopped-all\"", -1))
                                .as("the run and each of its lanes")
                                .hasSize(5));
            }
            try (Bench third = Bench.narrow("three", folder, db)) {
                String rows = changed(db);
                time.pause(Duration.ofSeconds(3));
                assertThat(changed(db)).as("after a restart").isEqualTo(rows);
                assertThat(third.cli("status").out()).contains("All runs are stopped by local");
                assertThat(third.cli("resume-all").code()).isZero();
                await().atMost(Duration.ofSeconds(10)).until(() -> !changed(db).equals(rows));
                assertThat(third.patch("/api/v1/runs/" + run + "/settings", "{\"rowsPerSecond\": 0}")
                                .status())
                        .isEqualTo(200);
                second.awaitState(run, "succeeded");
                assertThat(changed(db)).isEqualTo("" + ROWS);
                assertThat(third.get("/api/v1/events").text()).contains("fleet.stopped", "fleet.resumed");
            }
        }
    }

    private static String changed(TestPostgres.Fresh db) {
        return db.value("SELECT count(upper_name) FROM app.people");
    }
}
