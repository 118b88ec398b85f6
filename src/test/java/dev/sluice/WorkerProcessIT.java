package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Several workers on one database, one of them a process that is asked to stop. */
@Tag("database")
class WorkerProcessIT {
    private static final Pattern ADDRESS = Pattern.compile("answers at (http://[^;]+);");

    @TempDir
    Path folder;

    @TempDir
    Path jobs;

    private final TestPostgres.Fresh db = TestPostgres.create();

    @BeforeEach
    void table() {
        Bench.people(db, 4_000);
    }

    /** A death would be noticed after a minute only: whoever goes on sooner was told. */
    private Map<String, String> environment(String worker) {
        var environment = Bench.environment(jobs, db);
        environment.put("SLUICE_WORKER_NAME", worker);
        environment.put("SLUICE_WORKER_TAKEOVER", "60s");
        return environment;
    }

    private static Process process(Map<String, String> environment, Path log) throws IOException {
        var builder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Dlog.level=DEBUG",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Sluice.class.getName(),
                        "worker")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return process;
    }

    private static String owner(Bench.Answer run) {
        return run.at("/lanes/0/worker").replaceAll("#.*", "");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aStopSignalGivesTheRunBackAtOnce() throws Exception {
        Files.writeString(jobs.resolve("upper.yaml"), Bench.slow("upper"));
        Path log = folder.resolve("log");
        Process first = process(environment("first"), log);
        try {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> Files.readString(log).contains("takes work"));
            var address = ADDRESS.matcher(Files.readString(log));
            assertThat(address.find()).isTrue();
            String url = address.group(1);
            String run =
                    Bench.ask(url, "", "POST", "/api/v1/jobs/upper/runs", "").at("/run/id");
            try (Bench second = Bench.start(jobs, environment("second"), Optional.empty())) {
                assertThat(owner(second.awaitRows(run))).isEqualTo("first");

                first.toHandle().destroy();
                assertThat(first.waitFor(20, TimeUnit.SECONDS)).isTrue();
                assertThat(first.exitValue()).isIn(0, 143);
                String rows = db.value("SELECT count(upper_name) FROM app.people");
                assertThat(rows).as("in mid-run").isNotEqualTo("4000");
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> owner(second.get("/api/v1/runs/" + run)).equals("second"));
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> !db.value("SELECT count(upper_name) FROM app.people")
                                .equals(rows));
                assertThat(second.cli("tune", run, "--rows-per-second", "0").code())
                        .isZero();
                second.awaitState(run, "succeeded");
            }
        } finally {
            first.destroyForcibly();
        }
        assertThat(db.value("SELECT count(upper_name) FROM app.people")).isEqualTo("4000");
        assertThat(Files.readString(log))
                .contains("is carried by first")
                .doesNotContain("ERROR", "Exception", "WARN ")
                .doesNotContain("password=" + db.password());
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aWorkerThatWaitsForItsDatabaseStopsWhenAsked() throws Exception {
        var environment = environment("waiting");
        environment.put("SLUICE_DATABASES_MAIN_URL", "jdbc:postgresql://localhost:1/nobody");
        Path log = folder.resolve("log");
        Process waiting = process(environment, log);
        try {
            await().atMost(Duration.ofSeconds(40))
                    .until(() -> Files.readString(log).contains("waiting: "));
            waiting.toHandle().destroy();
            assertThat(waiting.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(waiting.exitValue()).isIn(0, 143);
        } finally {
            waiting.destroyForcibly();
        }
        assertThat(Files.readString(log)).contains("08001").doesNotContain("    at ", "ERROR");
    }

    @Test
    void twoWorkersShareTheRuns() {
        db.run(
                "CREATE TABLE app.others AS TABLE app.people",
                "ALTER TABLE app.others ADD PRIMARY KEY (id)",
                "ANALYZE app.others");
        var one = environment("one");
        var two = environment("two");
        one.put("SLUICE_WORKER_THREADS", "1");
        two.put("SLUICE_WORKER_THREADS", "1");
        try (Bench first = Bench.start(jobs, one, Optional.empty());
                Bench second = Bench.start(jobs, two, Optional.empty())) {
            first.define("people", Bench.slow("people"));
            first.define("others", Bench.slow("others").replace("app.people", "app.others"));
            String people = first.run("people");
            String others = first.run("others");
            assertThat(new String[] {owner(second.awaitRows(people)), owner(second.awaitRows(others))})
                    .containsExactlyInAnyOrder("one", "two");
            assertThat(second.cli("cancel", people).code()).isZero();
            assertThat(first.cli("cancel", others).code()).isZero();
        }
    }
}
