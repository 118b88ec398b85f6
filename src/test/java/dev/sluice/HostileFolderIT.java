package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real worker whose folder holds what no person means to write: it begins, works, and takes up what changes. */
@Tag("database")
class HostileFolderIT {
    @TempDir
    private Path jobs;

    @Test
    void badFilesAndSpentDatesReachNoOtherJob() throws Exception {
        TestPostgres.Fresh db = TestPostgres.create();
        Bench.people(db, 1_000);
        Files.writeString(jobs.resolve("a.yaml"), Bench.job("a", "partitions: 1e99"));
        Files.writeString(jobs.resolve("b.yaml"), Bench.job("b", "schedule: { cron: \"0 0 0 31 2 ?\" }"));
        assertThat(new ProcessBuilder("mkfifo", jobs.resolve("c.yaml").toString())
                        .start()
                        .waitFor())
                .isZero();
        Files.createSymbolicLink(jobs.resolve("d.yaml"), Path.of("/etc/passwd"));
        for (int i = 0; i < 40; i++) {
            Files.writeString(jobs.resolve("e" + i + ".yaml"), "#".repeat(1_000_000));
        }
        Files.writeString(jobs.resolve("good.yaml"), Bench.job("good", "schedule: { cron: \"0 0 0 1 1 ? 2020\" }"));
        Files.writeString(jobs.resolve("later.yaml"), Bench.job("later", "schedule: { cron: \"0 0 0 1 1 ? 2090\" }"));
        try (Bench bench = Bench.start(jobs, db)) {
            assertThat(bench.jobNames()).containsExactly("good", "later");
            Bench.Answer list = bench.get("/api/v1/jobs");
            assertThat(list.body().at("/badFiles").size()).isEqualTo(44);
            assertThat(list.text()).doesNotContain("root:");
            String run = bench.run("good");
            bench.awaitState(run, "succeeded");
            assertThat(bench.get("/api/v1/jobs/good/gates/switch")
                            .body()
                            .at("/open")
                            .asBoolean())
                    .as("a date that is past closes no gate")
                    .isTrue();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> bench.get("/api/v1/jobs/later")
                            .at("/schedule/nextStart")
                            .equals("2090-01-01T00:00:00Z"));
            assertThat(bench.get("/api/v1/jobs/good")
                            .body()
                            .at("/schedule/nextStart")
                            .isNull())
                    .isTrue();
            assertThat(bench.cli("status", "good").out()).contains("no further start");
            bench.define("new", Bench.job("new"));
            assertThat(bench.jobNames()).contains("new");
            assertThat(bench.get("/health/ready").status()).isEqualTo(200);
        }
        Bench.Ran checked = Bench.cli(java.util.Map.of(), "validate", jobs.toString());
        assertThat(checked.code()).isEqualTo(1);
        assertThat(checked.out())
                .contains(
                        "a.yaml:6: migrate.partitions: 1E+99 is not within 1 and 64. Fix: Write a whole number",
                        "b.yaml:6: migrate.schedule.cron: ",
                        "it never fires",
                        "c.yaml: cannot be read: it is a pipe",
                        "d.yaml: cannot be read: it is a link that leads out of the folder",
                        "47 files, 44 with mistakes.")
                .doesNotContain("root:");
    }
}
