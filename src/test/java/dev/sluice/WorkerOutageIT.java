package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.TestPostgres.Fresh;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker whose databases are not there yet, go away and come back, or were used by a newer Sluice. */
@Tag("database")
class WorkerOutageIT {
    @TempDir
    Path folder;

    @TempDir
    Path jobs;

    private final int port = freePort();
    private final Fresh away = new Fresh("jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres");
    private Optional<EmbeddedPostgres> server = Optional.empty();

    private static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void startServer() throws IOException {
        server = Optional.of(EmbeddedPostgres.builder()
                .setDataDirectory(folder.resolve("pg"))
                .setCleanDataDirectory(false)
                .setPort(port)
                .setServerConfig("fsync", "off")
                .start());
    }

    @AfterEach
    void stopServer() throws IOException {
        if (server.isPresent()) {
            server.get().close();
        }
        server = Optional.empty();
    }

    private Map<String, String> environment(Fresh main) {
        var environment = Bench.environment(jobs, main);
        environment.put("SLUICE_DATABASES_MAIN_CONNECT_TIMEOUT", "1s");
        return environment;
    }

    @Test
    void aWorkerWaitsForItsDatabaseAndOutlivesItsAbsence() throws Exception {
        var environment = environment(away);
        environment.put("SLUICE_DATABASES_MAIN_CONNECT_TIMEOUT", "5s");
        int http = freePort();
        String url = "http://127.0.0.1:" + http;
        environment.put("SLUICE_HTTP_PORT", Integer.toString(http));
        var starting = CompletableFuture.supplyAsync(() -> Bench.start(jobs, environment, Optional.empty()));
        try {
            await().ignoreExceptions()
                    .until(() -> Bench.ask(url, "", "GET", "/health/ready", "")
                            .text()
                            .contains("08001"));
            var waiting = Bench.ask(url, "", "GET", "/health/ready", "");
            assertThat(waiting.status()).isEqualTo(503);
            assertThat(waiting.at("/detail"))
                    .contains("started: waiting", "database-main: does not answer")
                    .as("anybody may read it")
                    .doesNotContain("localhost", Integer.toString(port), "onnection", "jdbc:");
            assertThat(Bench.ask(url, "", "GET", "/health/live", "").status()).isEqualTo(200);
            var status = Bench.cli(Map.of("SLUICE_SERVER", url), "status");
            assertThat(status.code()).isEqualTo(2);
            assertThat(status.err()).contains("main", "08001");

            startServer();
            try (Bench bench = starting.join()) {
                await().until(() -> bench.get("/health/ready").status() == 200);
                Bench.people(away, 3_000);
                bench.define("upper", Bench.job("upper", Bench.throttle("rows-per-second: 1000")));
                String run = bench.run("upper");
                bench.awaitRows(run);

                stopServer();
                await().until(() -> bench.get("/health/ready").status() == 503);
                assertThat(bench.get("/health/ready").at("/detail")).contains("database-main: does not answer");
                assertThat(bench.get("/health/live").status()).isEqualTo(200);
                assertThat(bench.get("/metrics").status()).isEqualTo(200);
                long asked = System.nanoTime();
                var unseen = bench.get("/api/v1/runs/" + run);
                assertThat(unseen.status()).isEqualTo(503);
                assertThat(unseen.at("/detail")).contains("Runs hold meanwhile and go on by themselves");
                assertThat(bench.get("/api/v1/jobs").status()).isEqualTo(503);
                assertThat(Duration.ofNanos(System.nanoTime() - asked)).isLessThan(Duration.ofSeconds(9));
                bench.write("other", Bench.job("other"));
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> bench.jobNames().contains("other"));
                assertThat(bench.post("/api/v1/runs/" + run + "/pause").status())
                        .isEqualTo(503);
                var start = bench.post("/api/v1/jobs/upper/runs");
                assertThat(start.status()).as(start.text()).isEqualTo(503);
                assertThat(start.at("/detail")).contains("main", "Nothing was changed");
                assertThat(bench.cli("gate", "switch", "upper").code()).isEqualTo(2);

                startServer();
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> bench.get("/health/ready").status() == 200);
                bench.awaitState(run, "succeeded");
                assertThat(away.value("SELECT count(upper_name) FROM app.people"))
                        .isEqualTo("3000");
                assertThat(bench.cli("gate", "switch", "upper").code()).isZero();
            }
        } finally {
            starting.thenAccept(Bench::close);
        }
    }

    @Test
    void aTargetThatIsAwayHoldsItsOwnJobsOnly() throws Exception {
        startServer();
        Bench.people(away, 3_000);
        stopServer();
        var main = TestPostgres.create();
        Bench.people(main, 3_000);
        var environment = environment(main);
        environment.put("SLUICE_DATABASES_ORDERS_URL", away.url());
        environment.put("SLUICE_DATABASES_ORDERS_USER", away.user());
        environment.put("SLUICE_DATABASES_ORDERS_PASSWORD", away.password());
        try (Bench bench = Bench.start(jobs, environment, Optional.empty())) {
            bench.define("near", Bench.job("near"));
            bench.define("far", "database: orders\n" + Bench.job("far"));
            String far = bench.run("far");
            bench.awaitState(bench.run("near"), "succeeded");

            var held = bench.get("/api/v1/runs/" + far);
            assertThat(held.at("/state")).as(held.text()).isEqualTo("queued");
            assertThat(held.at("/limitedBy/reason")).isEqualTo("database-not-prepared");
            assertThat(held.at("/limitedBy/message")).contains("orders", "08001", "go on by themselves");
            assertThat(bench.post("/api/v1/runs/" + far + "/pause").status()).isEqualTo(503);
            assertThat(bench.get("/health/ready").at("/detail"))
                    .contains("database-orders")
                    .doesNotContain("database-main", "started", Integer.toString(port));

            startServer();
            bench.awaitState(far, "succeeded");
            await().until(() -> bench.get("/health/ready").status() == 200);
        }
    }

    @Test
    void aRunIsToldWhileItsTargetIsAway() throws Exception {
        startServer();
        var environment = environment(TestPostgres.create());
        environment.put("SLUICE_DATABASES_ORDERS_URL", away.url());
        environment.put("SLUICE_DATABASES_ORDERS_USER", away.user());
        environment.put("SLUICE_DATABASES_ORDERS_PASSWORD", away.password());
        environment.put("SLUICE_DATABASES_ORDERS_CONNECT_TIMEOUT", "1s");
        Bench.people(away, 3_000);
        try (Bench bench = Bench.start(jobs, environment, Optional.empty())) {
            bench.define("upper", "database: orders\n" + Bench.job("upper", Bench.throttle("rows-per-second: 1000")));
            String run = bench.run("upper");
            bench.awaitRows(run);

            stopServer();
            await().until(() ->
                    bench.get("/api/v1/runs/" + run).at("/limitedBy/reason").equals("database-away"));
            var status = bench.get("/api/v1/runs/" + run);
            assertThat(status.status()).isEqualTo(200);
            assertThat(status.at("/state")).isEqualTo("running");
            assertThat(status.at("/limitedBy/message")).contains("orders");
            var told = bench.cli("status", "upper");
            assertThat(told.code()).isZero();
            assertThat(told.out()).contains("orders", "does not answer");
            var pause = bench.post("/api/v1/runs/" + run + "/pause");
            assertThat(pause.status())
                    .as("a change that the target cannot store")
                    .isEqualTo(503);
            assertThat(pause.at("/detail")).contains("orders", "Nothing was changed");
            assertThat(bench.get("/health/ready").at("/detail"))
                    .contains("database-orders: does not answer")
                    .doesNotContain("database-main:");
            assertThat(bench.get("/api/v1/jobs/upper/gates/switch")
                            .body()
                            .at("/open")
                            .asBoolean())
                    .isFalse();

            startServer();
            bench.awaitState(run, "succeeded");
            assertThat(bench.cli("gate", "switch", "upper").code()).isZero();
        }
    }

    @Test
    @Timeout(60) // it would serve, and not return
    void whatNoWaitFixesIsRefusedWithTheFix() {
        var db = TestPostgres.create();
        var environment = Bench.environment(jobs, db);
        environment.put("SLUICE_DATABASES_MAIN_URL", db.url() + "_not_there");
        var refused = Bench.cli(environment, "worker");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("3D000", "Create the database, or fix databases.main.url");
    }

    @Test
    void aFullServerIsWaitedFor() {
        var db = TestPostgres.create();
        String role = "few_" + ProcessHandle.current().pid();
        db.run(
                "CREATE ROLE " + role + " LOGIN PASSWORD 'few' CONNECTION LIMIT 0",
                "GRANT CREATE ON DATABASE " + db.url().replaceAll(".*/", "") + " TO " + role);
        var environment = environment(new Fresh(db.url(), role, "few"));
        var starting = CompletableFuture.supplyAsync(() -> Bench.start(jobs, environment, Optional.empty()));
        await().during(Duration.ofSeconds(2)).until(() -> !starting.isDone());
        db.run("ALTER ROLE " + role + " CONNECTION LIMIT 50");
        starting.join().close();
    }

    @Test
    @Timeout(60) // it would serve, and not return
    void aSchemaOfANewerSluiceIsRefused() {
        var db = TestPostgres.create();
        Bench.start(jobs, db).close();
        db.run(
                "INSERT INTO sluice.schema_history_control (installed_rank, version, description, type, script, checksum,"
                        + " installed_by, execution_time, success) VALUES (99, '999', 'x', 'SQL', 'V999__x.sql', 0, 'x', 0, true)");
        var refused = Bench.cli(Bench.environment(jobs, db), "worker");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("newer Sluice", "Start that version");
    }
}
