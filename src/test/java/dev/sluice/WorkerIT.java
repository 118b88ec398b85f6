package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole worker as people see it through its two doors: from the start of a run to the open gate. */
@Tag("database")
class WorkerIT {
    private static final int ROWS = 3_000;

    @TempDir
    static Path jobs;

    private static TestPostgres.Fresh db;
    private static Bench bench;

    @BeforeAll
    static void start() {
        db = TestPostgres.create();
        Bench.people(db, ROWS);
        bench = Bench.start(jobs, db);
    }

    @AfterAll
    static void stop() {
        bench.close();
    }

    @BeforeEach
    void rowsAsAtFirst() {
        db.run("UPDATE app.people SET upper_name = NULL");
    }

    @Test
    void byHttpFromStartToOpenGate() {
        bench.define("by-http", Bench.job("by-http", Bench.throttle("rows-per-second: 1500")));
        var closed = bench.get("/api/v1/jobs/by-http/gates/switch");
        assertThat(closed.status()).isEqualTo(200);
        assertThat(closed.body().at("/open").asBoolean()).isFalse();
        assertThat(closed.at("/reasons/0/code")).isEqualTo("never-run");

        var first = bench.post("/api/v1/jobs/by-http/runs", "Idempotency-Key", "deploy-1");
        assertThat(first.status()).isEqualTo(202);
        String run = first.at("/run/id");
        assertThat(first.headers()).containsEntry("location", "/api/v1/runs/" + run);
        assertThat(first.body().at("/created").asBoolean()).isTrue();

        var again = bench.post("/api/v1/jobs/by-http/runs", "Idempotency-Key", "deploy-1");
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.at("/run/id")).isEqualTo(run);
        assertThat(again.body().at("/created").asBoolean()).isFalse();

        var second = bench.post("/api/v1/jobs/by-http/runs");
        assertThat(second.status()).isEqualTo(409);
        assertThat(second.at("/code")).isEqualTo("live-run-exists");
        assertThat(second.at("/details/run")).isEqualTo(run);

        var done = bench.awaitState(run, "succeeded");
        assertThat(done.body().at("/progress/changed").asLong()).isEqualTo(ROWS);
        var open = bench.get("/api/v1/jobs/by-http/gates/switch");
        assertThat(open.body().at("/open").asBoolean()).as(open.text()).isTrue();
        assertThat(open.at("/evidence/run")).isEqualTo(run);
        assertThat(open.body().at("/evidence/rows").asLong()).isEqualTo(ROWS);
        assertThat(open.at("/evidence/verifiedAsOf")).isNotEmpty();
        assertThat(open.at("/evidence/database/name")).isEqualTo("main");
        assertThat(db.value("SELECT count(*) FROM app.people WHERE upper_name = upper(name)"))
                .isEqualTo("" + ROWS);
    }

    @Test
    void byCommandLineFromPlanToOpenGate() {
        // with every signal as it is by default: this one waits for the end of its run as long as that takes
        bench.define("by-cli", Bench.job("by-cli", "throttle: { lock-waits: 2 }"));
        assertThat(bench.cli("gate", "switch", "by-cli").code()).isEqualTo(1);
        var plan = bench.cli("plan", "by-cli");
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out()).contains("app.people", "NAME 1");
        assertThat(db.value("SELECT count(upper_name) FROM app.people"))
                .as("nothing is written")
                .isEqualTo("0");

        var run = bench.cli("run", "by-cli", "--follow");
        assertThat(run.code()).as(run.err() + run.out()).isZero();
        assertThat(run.out()).contains("succeeded");
        var gate = bench.cli("gate", "switch", "by-cli");
        assertThat(gate.code()).isZero();
        assertThat(gate.out()).contains("OPEN", "analyzedAt");
        var status = bench.cli("status", "by-cli");
        assertThat(status.code()).isZero();
        assertThat(status.out()).contains("succeeded", "app.people");
        assertThat(bench.cli("gate", "switch", "by-cli", "no-such-job").code()).isEqualTo(2);
    }

    @Test
    void aRunIsPausedTunedResumedAndCancelledByHttp() {
        bench.define("moves", Bench.slow("moves"));
        String run = bench.run("moves");
        bench.awaitRows(run);
        var paused = bench.post("/api/v1/runs/" + run + "/pause");
        assertThat(paused.status()).isEqualTo(200);
        assertThat(paused.at("/state")).isEqualTo("paused");
        String rows = db.value("SELECT count(upper_name) FROM app.people");
        var twice = bench.post("/api/v1/runs/" + run + "/pause");
        assertThat(twice.status()).as("asked again, as after a lost answer").isEqualTo(200);
        assertThat(twice.at("/state")).isEqualTo("paused");

        var tuned = bench.patch("/api/v1/runs/" + run + "/settings", "{\"rowsPerSecond\": 300, \"target\": \"100ms\"}");
        assertThat(tuned.status()).as(tuned.text()).isEqualTo(200);
        assertThat(tuned.body().at("/settings/rowsPerSecond").asInt()).isEqualTo(300);
        assertThat(db.value("SELECT count(upper_name) FROM app.people"))
                .as("nothing is changed after the answer to pause")
                .isEqualTo(rows);
        var resumed = bench.post("/api/v1/runs/" + run + "/resume");
        assertThat(resumed.status()).isEqualTo(200);
        assertThat(resumed.at("/state")).isEqualTo("running");
        await().until(() ->
                !db.value("SELECT count(upper_name) FROM app.people").equals(rows));

        var cancelled = bench.post("/api/v1/runs/" + run + "/cancel");
        assertThat(cancelled.status()).isEqualTo(200);
        assertThat(cancelled.at("/state")).isEqualTo("cancelled");
        var late = bench.patch("/api/v1/runs/" + run + "/settings", "{\"batchSize\": 5}");
        assertThat(late.status()).isEqualTo(409);
        assertThat(late.at("/code")).isEqualTo("run-over");

        var on = bench.post("/api/v1/jobs/moves/runs");
        assertThat(on.at("/run/id"))
                .as("a cancelled run of the same fingerprint goes on")
                .isEqualTo(run);
        assertThat(on.body().at("/resumed").asBoolean()).isTrue();
        assertThat(bench.post("/api/v1/runs/" + run + "/cancel").status()).isEqualTo(200);
    }

    @Test
    void aRunIsPausedTunedResumedAndCancelledByCommandLine() {
        bench.define("cli-moves", Bench.slow("cli-moves"));
        assertThat(bench.cli("run", "cli-moves").code()).isZero();
        String run = bench.cli("status", "cli-moves", "--output", "json").out();
        assertThat(run).contains("\"job\"");
        String id = bench.get("/api/v1/runs?job=cli-moves").at("/runs/0/id");
        bench.awaitRows(id);
        assertThat(bench.cli("run", "cli-moves").code()).as("one is live").isEqualTo(2);
        assertThat(bench.cli("pause", "cli-moves").code()).isZero();
        var twice = bench.cli("pause", id);
        assertThat(twice.code()).as("asked again, as after a lost answer").isZero();
        assertThat(bench.get("/api/v1/events?run=" + id).text().split("run.paused", -1))
                .as("and written down once")
                .hasSize(2);
        assertThat(bench.cli("tune", "cli-moves", "--rows-per-second", "200").code())
                .isZero();
        assertThat(bench.cli("tune", "cli-moves").code())
                .as("nothing to change")
                .isEqualTo(3);
        assertThat(bench.cli("tune", "cli-moves", "--target", "soon").code()).isEqualTo(3);
        assertThat(bench.cli("resume", id).code()).isZero();
        assertThat(bench.cli("cancel", "cli-moves").code()).isZero();
        var follow = bench.cli("tune", "cli-moves", "--batch-size", "10");
        assertThat(follow.code()).isEqualTo(2);
        assertThat(follow.err()).contains("cancelled");
        assertThat(bench.cli("pause", "no-such-job").code()).isEqualTo(2);
        assertThat(bench.cli("resume", "00000000-0000-0000-0000-000000000000").code())
                .isEqualTo(2);
    }

    @Test
    void aRunThatFailsSaysWhyOnEveryDoor() {
        bench.define("failing", Bench.job("failing").replace("upper(name)", "(1 / (id - 7))::text"));
        var run = bench.cli("run", "failing", "--follow");
        assertThat(run.code()).as(run.out()).isEqualTo(1);
        assertThat(run.out()).contains("failed", "division by zero", "22012", "row id = 7");
        var gate = bench.cli("gate", "switch", "failing");
        assertThat(gate.code()).isEqualTo(1);
        assertThat(gate.out()).contains("run-failed");
        var status = bench.get("/api/v1/runs?job=failing");
        assertThat(status.at("/runs/0/failure/code")).isEqualTo("data-error");
        assertThat(status.at("/runs/0/failure/keyRange")).isNotEmpty();
        assertThat(status.at("/runs/0/failure/row/id")).isEqualTo("7");
    }

    /** On a table of its own: a run that the clock starts last of all must not fill the next test's rows. */
    @Test
    void aScheduleStartsARealRun() {
        db.run(
                "CREATE TABLE app.clocked AS TABLE app.people",
                "ALTER TABLE app.clocked ADD PRIMARY KEY (id)",
                "ANALYZE app.clocked");
        String job = Bench.job("by-clock").replace("app.people", "app.clocked");
        bench.define("by-clock", job + "  schedule: { cron: \"* * * * * ?\" }\n");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> bench.get("/api/v1/runs?job=by-clock")
                        .at("/runs/0/state")
                        .equals("succeeded"));
        var run = bench.get("/api/v1/runs?job=by-clock&limit=1").body().at("/runs/0");
        assertThat(run.at("/trigger").asText()).isEqualTo("schedule");
        assertThat(run.at("/requestedBy").asText()).isEqualTo("schedule");

        bench.define("by-clock", job);
        await().until(() ->
                bench.get("/api/v1/jobs/by-clock").body().at("/schedule").isNull());
        await().until(() ->
                db.value("SELECT count(*) FROM sluice.qrtz_cron_triggers").equals("0"));
    }

    @Test
    void jobFilesComeAndGoWithoutARestart() throws Exception {
        bench.define("kept", Bench.slow("kept"));
        String run = bench.run("kept");
        String fingerprint = bench.awaitRows(run).at("/fingerprint");

        bench.write("kept", Bench.job("kept").replace("upper(name)", "lower(name)"));
        await().until(() -> !bench.get("/api/v1/jobs/kept").at("/fingerprint").equals(fingerprint));
        assertThat(bench.get("/api/v1/runs/" + run).at("/fingerprint"))
                .as("a live run keeps its definition")
                .isEqualTo(fingerprint);
        var before =
                bench.get("/api/v1/runs/" + run).body().at("/progress/changed").asLong();
        await().until(() ->
                bench.get("/api/v1/runs/" + run).body().at("/progress/changed").asLong() > before);
        assertThat(db.value("SELECT count(*) FROM app.people WHERE upper_name = lower(name)"))
                .isEqualTo("0");
        assertThat(bench.cli("cancel", "kept").code()).isZero();
        assertThat(bench.get("/api/v1/jobs/kept/gates/switch")
                        .body()
                        .at("/reasons")
                        .findValuesAsText("code"))
                .contains("definition-changed");

        bench.write("kept", "job: kept\nmigrate:\n  tabel: app.people\n");
        bench.define("other", Bench.job("other"));
        await().until(() -> bench.get("/api/v1/jobs/kept").status() == 422);
        var refused = bench.post("/api/v1/jobs/kept/runs");
        assertThat(refused.status()).isEqualTo(422);
        assertThat(refused.at("/detail")).contains("kept.yaml:3", "tabel", "table");
        assertThat(bench.get("/api/v1/jobs").body().at("/badFiles").size()).isEqualTo(1);
        var told = bench.cli("run", "kept");
        assertThat(told.code()).isEqualTo(2);
        assertThat(told.err()).contains("kept.yaml:3");
        assertThat(bench.cli("status").out()).as("the bad file is seen").contains("kept.yaml");
        bench.awaitState(bench.run("other"), "succeeded");

        java.nio.file.Files.delete(jobs.resolve("kept.yaml"));
        await().until(() -> bench.get("/api/v1/jobs").body().at("/badFiles").isEmpty());
        assertThat(bench.post("/api/v1/jobs/kept/runs").status()).isEqualTo(404);
        assertThat(bench.get("/api/v1/runs/" + run).status())
                .as("what it did stays")
                .isEqualTo(200);
    }

    @Test
    void eventsSayWhoDidWhat() {
        bench.define("told", Bench.slow("told"));
        String run = bench.run("told");
        bench.awaitRows(run);
        bench.post("/api/v1/runs/" + run + "/pause");
        bench.patch("/api/v1/runs/" + run + "/settings", "{\"rowsPerSecond\": 50}");
        bench.post("/api/v1/runs/" + run + "/cancel");
        var events = bench.get("/api/v1/events?run=" + run).body().at("/events");
        assertThat(events.findValuesAsText("action"))
                .containsSubsequence(List.of("run.queued", "run.started", "run.paused", "run.tuned", "run.cancelled"));
        for (var event : events) {
            boolean byWorker = event.at("/action").asText().equals("run.started");
            assertThat(event.at("/actor").asText()).as(event.toString()).startsWith(byWorker ? "worker:" : "local");
        }
        var told = bench.cli("events", "--job", "told");
        assertThat(told.code()).isZero();
        assertThat(told.out()).contains("run.tuned", "local", "rowsPerSecond");
    }
}
