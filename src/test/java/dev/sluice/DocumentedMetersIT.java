package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every meter of {@code docs/metrics.md} moves in one real run, in which what it counts happens for real. */
@Tag("database")
class DocumentedMetersIT {
    private static final Pattern ROW =
            Pattern.compile("^\\| `([a-z0-9_]+)` \\| (counter|gauge|histogram|summary) \\|.*$");
    private static final Pattern SAMPLE = Pattern.compile("^([a-z0-9_]+)(\\{.*})? (\\S+)$");

    /** What does not change as long as a process lives; these are only there. */
    private static final Set<String> FIXED = Set.of(
            "sluice_limited",
            "sluice_limited_limit",
            "sluice_signal_limit",
            "jvm_info",
            "jvm_memory_max_bytes",
            "process_start_time_seconds",
            "system_cpu_count");

    @TempDir
    Path jobs;

    private final TestPostgres.Fresh db = TestPostgres.create();
    private final String url;
    /** Meter to series to the values seen, in turn. */
    private final Map<String, Map<String, List<String>>> seen = new TreeMap<>();

    private String last = "";

    DocumentedMetersIT() throws IOException {
        try (var socket = new ServerSocket(0)) {
            url = "http://127.0.0.1:" + socket.getLocalPort();
        }
    }

    @Test
    void everyDocumentedMeterMovesInARealRun() throws Exception {
        Map<String, String> documented = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("docs/metrics.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                documented.put(row.group(1), row.group(2));
            }
        }
        assertThat(documented).hasSizeGreaterThan(30);

        aRunThatMeetsEverything();

        Set<String> still = new TreeSet<>();
        documented.forEach((meter, type) -> {
            if (!moved(meter, type)) {
                still.add(meter + " " + seen.getOrDefault(meter, Map.of()));
            }
        });
        assertThat(still).as("documented meters that did not move").isEmpty();
    }

    private boolean moved(String meter, String type) {
        var series = seen.getOrDefault(meter, Map.of());
        if (FIXED.contains(meter)) {
            return !series.isEmpty();
        }
        boolean fromNothing = !type.equals("gauge"); // what counts and is not there yet stands at 0
        return series.values().stream()
                .anyMatch(values -> values.stream().distinct().count() > 1
                        || fromNothing && Double.parseDouble(values.getFirst()) > 0);
    }

    private void aRunThatMeetsEverything() throws Exception {
        Bench.people(db, 4_000);
        db.run("CREATE TABLE app.dial (v int)", "INSERT INTO app.dial VALUES (0)");
        var environment = Bench.environment(jobs, db);
        environment.put("SLUICE_HTTP_PORT", url.substring(url.lastIndexOf(':') + 1));
        environment.put("SLUICE_DATABASES_MAIN_POOL_SIZE", "4");
        environment.put("SLUICE_DATABASES_MAIN_CONNECT_TIMEOUT", "1s");
        aStartIsMissed(environment);

        CompletableFuture<Bench> starting;
        try (var migrating = db.connect()) {
            locking(migrating, "LOCK TABLE sluice.schema_history_control");
            starting = CompletableFuture.supplyAsync(() -> Bench.start(jobs, environment, Optional.empty()));
            sampleUntil(s -> s.contains("sluice_scheduler_up 0"));
        }
        try (Bench bench = starting.get()) {
            sampleUntil(s -> s.contains("sluice_scheduler_misfires_total{") && s.contains("sluice_batches_total{"));
            aSignalHolds();
            try (var application = db.connect()) {
                locking(application, "SELECT 1 FROM app.people FOR UPDATE");
                sampleUntil(s -> s.contains("reason=\"retry-timeout\"") && s.contains("sluice_retries_total{"));
            }
            somebodyLocksOurTable(bench);
            rowsAreWalkedAndNotDone(bench);
            sampleUntil(s -> s.contains("sluice_gate_open{database=\"main\",gate=\"switch\",job=\"upper\"} 1"));
        }
        assertThat(db.value("SELECT count(upper_name) FROM app.people")).isEqualTo("4000");
    }

    /** A worker knows the schedule and goes; the time of the next start passes with nobody there. */
    private void aStartIsMissed(Map<String, String> environment) {
        try (Bench before = Bench.start(jobs, environment, Optional.empty())) {
            before.define(
                    "upper",
                    Bench.job(
                            "upper",
                            Bench.throttle(
                                    "rows-per-second: 200",
                                    "sql: [{ name: load, query: SELECT v FROM app.dial, limit: 10, every: 1s }]"),
                            "stripes: 4",
                            "schedule: { cron: \"0 0 0 1 1 ?\" }"));
            await().until(() ->
                    db.value("SELECT count(*) FROM sluice.qrtz_cron_triggers").equals("1"));
        }
        db.run("UPDATE sluice.qrtz_triggers SET next_fire_time = next_fire_time"
                + " - (SELECT max(next_fire_time) FROM sluice.qrtz_triggers WHERE trigger_type = 'CRON')"
                + " + (extract(epoch FROM now()) * 1000)::bigint - 120000 WHERE trigger_type = 'CRON'");
    }

    private void aSignalHolds() {
        db.run("UPDATE app.dial SET v = 100");
        sampleUntil(s -> s.matches("(?s).*sluice_limited_age_seconds\\{[^}]*reason=\"load\".*"));
        db.run("UPDATE app.dial SET v = 120");
        sampleUntil(s -> s.matches("(?s).*sluice_limited_value\\{[^}]*reason=\"load\"} 120.*"));
        db.run("UPDATE app.dial SET v = 0");
        sampleUntil(s -> !s.contains("reason=\"load\"} 1.0"));
    }

    /** Requests queue for connections, some in vain, and the look for lost runs fails. */
    private void somebodyLocksOurTable(Bench bench) throws Exception {
        try (var somebody = db.connect();
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            locking(somebody, "LOCK TABLE sluice.run");
            var over = new AtomicBoolean();
            for (int i = 0; i < 30; i++) {
                callers.execute(() -> {
                    while (!over.get()) {
                        bench.get("/api/v1/runs");
                    }
                });
            }
            try {
                sampleUntil(s -> s.matches("(?s).*hikaricp_connections_pending\\{pool=\"main\"} [1-9].*"));
                sampleUntil(s -> s.matches("(?s).*sluice_scheduler_jobs_failed_total\\{.*")
                        && s.matches("(?s).*hikaricp_connections_timeout_total\\{pool=\"main\"} [1-9].*"));
            } finally {
                over.set(true);
                somebody.rollback();
            }
        }
    }

    /** A trigger skips rows of one job, and rows of another share one key of the table that they fill. */
    private void rowsAreWalkedAndNotDone(Bench bench) throws Exception {
        db.run(
                "CREATE TABLE app.skipped (id int PRIMARY KEY, n int)",
                "INSERT INTO app.skipped SELECT g FROM generate_series(1, 100) g",
                "CREATE FUNCTION app.skip() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN RETURN CASE WHEN NEW.id > 10 THEN NEW END; END $$",
                "CREATE TRIGGER skip BEFORE UPDATE ON app.skipped FOR EACH ROW EXECUTE FUNCTION app.skip()",
                "CREATE TABLE app.tens (ten int PRIMARY KEY)",
                "ANALYZE app.skipped, app.tens");
        bench.define("skipped", "job: skipped\nmigrate: { table: app.skipped, set: { n: id }, throttle: off }\n");
        bench.define(
                "tens",
                "job: tens\nmigrate: { table: app.skipped, insert: { into: app.tens, columns: { ten: id / 10 },"
                        + " conflict: { columns: [ten], do: nothing } }, throttle: off }\n");
        for (String job : List.of("skipped", "tens")) {
            await().until(() -> bench.post("/api/v1/jobs/" + job + "/runs").status() / 100 == 2);
        }
        sampleUntil(s -> s.matches("(?s).*sluice_rows_unchanged_total\\{[^}]*} [1-9].*")
                && s.matches("(?s).*sluice_rows_collapsed_total\\{[^}]*} [1-9].*"));
    }

    private static void locking(Connection connection, String sql) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void sampleUntil(Predicate<String> enough) {
        await().ignoreExceptions()
                .atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(sample()).matches(enough));
    }

    private String sample() {
        last = Bench.ask(url, "", "GET", "/metrics", "").text();
        Map<String, String> types = new HashMap<>();
        for (String line : last.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                types.put(line.split(" ")[2], line.split(" ")[3]);
            }
            var sample = SAMPLE.matcher(line);
            if (sample.matches()) {
                String name = sample.group(1);
                String meter = types.containsKey(name) ? name : name.replaceAll("_(bucket|count|sum)$", "");
                seen.computeIfAbsent(meter, m -> new TreeMap<>())
                        .computeIfAbsent(name + sample.group(2), s -> new ArrayList<>())
                        .add(sample.group(3));
            }
        }
        return last;
    }
}
