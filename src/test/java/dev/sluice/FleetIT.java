package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.testing.SkewedTime;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Two workers on one database that do not hold the same job files, whose clocks differ, or one of which is cut off. */
@Tag("database")
class FleetIT {
    /** As {@link Bench#environment} sets it. */
    private static final Duration TAKEOVER = Duration.ofSeconds(3);

    private static final String NIGHTLY = "schedule: { cron: \"0 0 1 1 1 ?\" }";

    @TempDir
    Path filesOfA;

    @TempDir
    Path filesOfB;

    private final TestPostgres.Fresh db = TestPostgres.create();
    private final List<Bench> open = new ArrayList<>();
    private final Logger log = (Logger) LoggerFactory.getLogger(HeartbeatLoop.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        log.addAppender(lines);
        Bench.people(db, 3_000);
    }

    @AfterEach
    void close() {
        open.reversed().forEach(Bench::close);
        log.detachAppender(lines);
    }

    private Bench worker(String name, Path files, Time time) {
        return worker(name, files, db, time);
    }

    private Bench worker(String name, Path files, TestPostgres.Fresh through, Time time) {
        Bench bench = Bench.start(name, files, through, time);
        open.add(bench);
        return bench;
    }

    private void stop(Bench bench) {
        open.remove(bench);
        bench.close();
    }

    private static void within(Duration patience, String what, Callable<Boolean> condition) {
        await(what).atMost(patience).pollInterval(Duration.ofMillis(50)).until(condition);
    }

    private static void atFullSpeed(Bench bench, String run) {
        assertThat(bench.cli("tune", run, "--rows-per-second", "0").code()).isZero();
    }

    private static String other(String name) {
        return Bench.job(name).replace("upper(name)", "upper(name) || ''");
    }

    private String held(String job) {
        return db.value("SELECT count(DISTINCT fingerprint) || ' of ' || count(*) FROM sluice.definition WHERE job = '"
                + job + "'");
    }

    private String scheduled() {
        return db.value("SELECT coalesce(string_agg(trigger_name, ',' ORDER BY trigger_name), '') FROM"
                + " sluice.qrtz_cron_triggers");
    }

    private long told(String beginning) {
        return List.copyOf(lines.list).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(m -> m.startsWith(beginning))
                .count();
    }

    @Test
    void aRollOutThatIsHalfDoneStartsNothingAndClosesTheGate() {
        Bench a = worker("a", filesOfA, Time.system());
        Bench b = worker("b", filesOfB, Time.system());
        a.define("upper", Bench.job("upper", Bench.throttle("rows-per-second: 1000")));
        String run = a.run("upper");
        b.write("upper", other("upper"));
        within(Duration.ofSeconds(10), "published", () -> held("upper").equals("2 of 2"));

        a.awaitState(run, "succeeded");
        for (Bench asked : List.of(a, b)) {
            var start = asked.post("/api/v1/jobs/upper/runs");
            assertThat(start.status()).as(start.text()).isEqualTo(409);
            assertThat(start.at("/code")).isEqualTo("definitions-differ");
            assertThat(start.at("/detail")).contains("worker a has ", "worker b has ", "Finish the roll-out");
            assertThat(start.at("/details/workers/a")).hasSize(64).isNotEqualTo(start.at("/details/workers/b"));
            assertThat(asked.cli("run", "upper").err()).contains("worker a has ", "worker b has ");
            var gate = asked.get("/api/v1/jobs/upper/gates/switch");
            assertThat(gate.body().at("/open").asBoolean()).isFalse();
            assertThat(gate.text()).contains("definitions-differ", "worker a has ", "worker b has ");
            assertThat(asked.cli("gate", "switch", "upper").code()).isEqualTo(1);
        }
        assertThat(db.value("SELECT count(*) FROM sluice.run")).isEqualTo("1");

        b.write("upper", Bench.job("upper"));
        within(
                Duration.ofSeconds(10),
                "gate",
                () -> b.cli("gate", "switch", "upper").code() == 0);
        b.write("upper", other("upper"));
        within(Duration.ofSeconds(10), "differs again", () -> held("upper").equals("2 of 2"));
        stop(b);
        assertThat(a.cli("gate", "switch", "upper").code())
                .as("a worker that stops does not count any more, at once")
                .isZero();
    }

    @Test
    void aScheduleStartsNothingWhileWorkersDiffer() {
        Bench a = worker("a", filesOfA, Time.system());
        Bench b = worker("b", filesOfB, Time.system());
        a.write("upper", Bench.job("upper", NIGHTLY));
        b.write("upper", other("upper"));
        within(Duration.ofSeconds(10), "published", () -> held("upper").equals("2 of 2"));
        a.write("upper", Bench.job("upper", "schedule: { cron: \"* * * * * ?\" }"));
        within(
                Duration.ofSeconds(10),
                "refused",
                () -> db.value(
                                "SELECT count(*) > 0 FROM sluice.event WHERE action = 'schedule.refused' AND detail LIKE '%definitions-differ%'")
                        .equals("t"));
        assertThat(db.value("SELECT count(*) FROM sluice.run")).isEqualTo("0");
    }

    @Test
    void aFileThatIsMissingOnOneUnschedulesNothingAndItsStartsFireOnAny() {
        Bench a = worker("a", filesOfA, Time.system());
        Bench b = worker("b", filesOfB, Time.system());
        a.define("upper", Bench.job("upper", NIGHTLY));
        b.define("upper", Bench.job("upper", NIGHTLY));
        within(Duration.ofSeconds(10), "scheduled", () -> scheduled().equals("upper"));

        b.remove("upper");
        within(Duration.ofSeconds(10), "unpublished", () -> held("upper").equals("1 of 1"));
        await().during(TAKEOVER.plusSeconds(1))
                .atMost(Duration.ofSeconds(6))
                .until(() -> scheduled().equals("upper"));
        var shown = b.get("/api/v1/jobs/upper");
        assertThat(shown.status()).isEqualTo(200);
        assertThat(shown.at("/file")).isEmpty();
        assertThat(b.get("/api/v1/jobs/upper/gates/switch").at("/reasons/0/code"))
                .isEqualTo("never-run");
        b.awaitState(b.run("upper"), "succeeded");
        assertThat(b.cli("gate", "switch", "upper").code()).isZero();

        a.remove("upper");
        within(
                Duration.ofSeconds(10),
                "the schedule goes with the last file",
                () -> scheduled().isEmpty());
        assertThat(b.get("/api/v1/jobs/upper").status()).isEqualTo(404);
    }

    @Test
    void aScheduleOutlivesItsWorkerForTheTakeoverTimeAndNoLonger() {
        Bench a = worker("a", filesOfA, Time.system());
        Bench b = worker("b", filesOfB, Time.system());
        b.define("upper", Bench.job("upper", NIGHTLY));
        within(Duration.ofSeconds(10), "scheduled", () -> scheduled().equals("upper"));
        within(Duration.ofSeconds(10), "steady", () -> a.get("/health/ready").status() == 200);
        stop(b);
        within(Duration.ofSeconds(10), "unscheduled", () -> scheduled().isEmpty());
        assertThat(a.get("/api/v1/jobs/upper").status()).isEqualTo(404);
    }

    @Test
    void aWorkerWithAWrongClockIsNotReadyTakesNothingAndComesBack() {
        var clock = new SkewedTime(Duration.ZERO);
        Bench wrong = worker("wrong", filesOfA, clock);
        wrong.define("upper", Bench.job("upper", Bench.throttle("rows-per-second: 100")));
        String run = wrong.run("upper");
        wrong.awaitRows(run);
        Bench good = worker("good", filesOfB, Time.system());
        good.define("upper", Bench.job("upper", Bench.throttle("rows-per-second: 100")));
        assertThat(db.value("SELECT owner LIKE 'wrong#%' FROM sluice.lane")).isEqualTo("t");

        clock.set(Duration.ofSeconds(-7));
        within(
                Duration.ofSeconds(10),
                "not ready",
                () -> wrong.get("/health/ready").status() == 503);
        assertThat(wrong.get("/health/ready").at("/detail"))
                .contains("clock: this worker's clock is 7.", "behind", "2s are allowed", "NTP");
        assertThat(good.get("/health/ready").status()).isEqualTo(200);
        within(
                Duration.ofSeconds(15),
                "taken over",
                () -> db.value("SELECT coalesce(owner, '') LIKE 'good#%' FROM sluice.lane")
                        .equals("t"));
        atFullSpeed(good, run);
        good.awaitState(run, "succeeded");
        assertThat(db.value("SELECT count(*) FROM app.people WHERE upper_name = upper(name)"))
                .isEqualTo("3000");
        assertThat(told("not ready: this worker's clock")).as("once").isEqualTo(1);
        assertThat(db.value("SELECT clock_offset_millis < -6000 FROM sluice.worker WHERE name = 'wrong'"))
                .isEqualTo("t");

        stop(good);
        db.run("UPDATE app.people SET upper_name = NULL");
        wrong.define("upper", Bench.job("upper"));
        String next = wrong.run("upper");
        await().during(TAKEOVER.plusSeconds(2))
                .atMost(Duration.ofSeconds(8))
                .until(() -> wrong.get("/api/v1/runs/" + next).at("/state").equals("queued"));
        clock.set(Duration.ofMillis(-300));
        within(Duration.ofSeconds(10), "ready", () -> wrong.get("/health/ready").status() == 200);
        wrong.awaitState(next, "succeeded");
        assertThat(told("this worker's clock agrees")).isEqualTo(1);
    }

    @Test
    void aWorkerThatStartsWithAWrongClockWaitsUntilItIsRight() {
        var clock = new SkewedTime(Duration.ofHours(1));
        Bench bench = worker("ahead", filesOfA, clock);
        assertThat(bench.get("/health/ready").at("/detail"))
                .contains("clock: this worker's clock is 3600.", "ahead of");
        bench.define("upper", Bench.job("upper"));
        String run = bench.run("upper");
        await().during(TAKEOVER.plusSeconds(1))
                .atMost(Duration.ofSeconds(7))
                .until(() -> bench.get("/api/v1/runs/" + run).at("/state").equals("queued"));
        clock.set(Duration.ZERO);
        bench.awaitState(run, "succeeded");
    }

    @Test
    void workersOfOneNameAreToldAndWorkOn() {
        Bench one = worker("same", filesOfA, Time.system());
        Bench two = worker("same", filesOfB, Time.system());
        for (Bench bench : List.of(one, two)) {
            within(
                    Duration.ofSeconds(10),
                    "told",
                    () -> bench.get("/health/ready").text().contains("bear this one's name"));
            var ready = bench.get("/health/ready");
            assertThat(ready.status()).as(ready.text()).isEqualTo(200);
            assertThat(ready.text()).contains("give each its own worker.name");
        }
        assertThat(told("1 other live worker(s) bear this one's name"))
                .as("once each")
                .isEqualTo(2);
        one.define("upper", Bench.job("upper"));
        one.awaitState(one.run("upper"), "succeeded");
        stop(two);
        within(
                Duration.ofSeconds(10),
                "told no more",
                () -> !one.get("/health/ready").text().contains("bear this"));
    }

    @Test
    void aWorkerThatIsCutOffStopsAnotherFinishesAndItComesBackHavingChangedNothingTwice() throws Exception {
        db.run(
                "CREATE TABLE app.counters (id bigint PRIMARY KEY, n int NOT NULL)",
                "INSERT INTO app.counters SELECT i, 0 FROM generate_series(1, 4000) i",
                "ANALYZE app.counters");
        String counting = "job: counting\nmigrate:\n  table: app.counters\n  set: { n: n + 1 }\n" + "  "
                + Bench.throttle("rows-per-second: 100") + "\n  batch: { size: 50 }\n";
        try (Wire wire = new Wire(db)) {
            Bench cut = worker("cut", filesOfA, wire.through(), Time.system());
            cut.define("counting", counting);
            String run = cut.run("counting");
            cut.awaitRows(run);
            Bench good = worker("good", filesOfB, Time.system());
            good.define("counting", counting);
            assertThat(db.value("SELECT owner LIKE 'cut#%' FROM sluice.lane")).isEqualTo("t");

            wire.cut();
            within(
                    Duration.ofSeconds(10),
                    "not ready",
                    () -> cut.get("/health/ready").status() == 503);
            within(
                    Duration.ofSeconds(20),
                    "taken over",
                    () -> db.value("SELECT coalesce(owner, '') LIKE 'good#%' FROM sluice.lane")
                            .equals("t"));
            // in mid-run, so that what was in flight on both sides of the cut meets what the other worker does
            String before = db.value("SELECT sum(n) FROM app.counters");
            within(
                    Duration.ofSeconds(20),
                    "goes on",
                    () -> !db.value("SELECT sum(n) FROM app.counters").equals(before));
            assertThat(good.get("/api/v1/runs/" + run).at("/state")).isEqualTo("running");

            wire.restore();
            within(
                    Duration.ofSeconds(20),
                    "ready again",
                    () -> cut.get("/health/ready").status() == 200);
            atFullSpeed(good, run);
            good.awaitState(run, "succeeded");
            assertThat(db.value("SELECT count(*) FILTER (WHERE n = 1) || ' of ' || count(*) || ', at most ' || max(n)"
                            + " FROM app.counters"))
                    .isEqualTo("4000 of 4000, at most 1");
            assertThat(db.value("SELECT changed FROM sluice.checkpoint WHERE run_id = '" + run + "' AND pass = 0"))
                    .isEqualTo("4000");
            stop(good);
            cut.define("upper", Bench.job("upper"));
            cut.awaitState(cut.run("upper"), "succeeded");
        }
    }
}
