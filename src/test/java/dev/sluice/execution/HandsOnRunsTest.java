package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.run.LaneId;
import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pause, resume, cancel and tune, while another thread carries the run. */
@Timeout(60)
class HandsOnRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private String table = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        TIME.free();
        table = "h" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, m bigint)",
                        "INSERT INTO " + table + " (id) SELECT generate_series(1, 1000)");
    }

    private UUID plus() {
        return engine.queue(TestEngine.job("job: " + table + "\nmigrate: { table: " + table
                        + ", set: { n: n + 1 }, throttle: { rows-per-second: 100 } }"))
                .id();
    }

    private UUID fill(String verify) {
        return engine.queue(TestEngine.job("job: " + table + "\nmigrate: { table: " + table
                        + ", set: { m: id }, where: m IS NULL, throttle: { rows-per-second: 100 } }" + verify))
                .id();
    }

    private long count(String condition) {
        return Long.parseLong(engine.db().value("SELECT count(*) FROM " + table + " WHERE " + condition));
    }

    private RunStatus look(UUID id) {
        return engine.runs().find(id).orElseThrow();
    }

    @Test
    void afterAPauseNothingIsChangedUntilTheResume() throws Exception {
        UUID id = plus();
        var gate = TIME.gateAt(5);
        var carrying = engine.carryAside(id);
        gate.reached();
        RunStatus paused = engine.runs().pause(id, TestEngine.TESTER);
        assertThat(paused.state()).isEqualTo("paused");
        assertThat(known(paused.limitedBy()).reason()).isEqualTo("paused");
        assertThat(known(paused.limitedBy()).since()).isAfterOrEqualTo(paused.startedAt());
        assertThat(paused.progress().etaSeconds()).as("a paused run has no ETA").isNull();
        long done = count("n = 1");
        assertThat(done).isBetween(1L, 999L);
        gate.open();
        assertThat(carrying.get(20, TimeUnit.SECONDS).state()).isEqualTo("paused");
        assertThat(count("n = 1")).isEqualTo(done);
        // nobody carries a paused run
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        assertThat(engine.runs().orphanedLanes(Duration.ZERO)).doesNotContain(LaneId.conducting(id));
        assertThat(count("n = 1")).isEqualTo(done);
        assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("running");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void aPauseWaitsForTheBatchInFlight() throws Exception {
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            app.setAutoCommit(false);
            s.execute("UPDATE " + table + " SET m = 0 WHERE id = 250"); // a batch will stand before this row
            UUID id = plus();
            var carrying = engine.carryAside(id);
            while (engine.db()
                    .value("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                            + " WHERE NOT l.granted AND a.application_name = 'sluice'")
                    .equals("0")) {
                Thread.onSpinWait();
            }
            RunStatus paused = engine.runs().pause(id, TestEngine.TESTER);
            long done = count("n = 1");
            assertThat(paused.progress().scanned()).isEqualTo(done).isEqualTo(200);
            app.rollback(); // the row is free; a batch could go on
            assertThat(carrying.get(20, TimeUnit.SECONDS).state()).isEqualTo("paused");
            assertThat(count("n = 1")).isEqualTo(done);
            engine.runs().resume(id, TestEngine.TESTER);
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            assertThat(count("n = 1")).isEqualTo(1000);
        }
    }

    @Test
    void afterACancelNothingIsChangedAndTheRunIsOver() throws Exception {
        UUID id = plus();
        var gate = TIME.gateAt(5);
        var carrying = engine.carryAside(id);
        gate.reached();
        RunStatus cancelled = engine.runs().cancel(id, TestEngine.TESTER);
        long done = count("n = 1");
        gate.open();
        assertThat(cancelled.state()).isEqualTo("cancelled");
        assertThat(carrying.get(20, TimeUnit.SECONDS).state()).isEqualTo("cancelled");
        assertThat(count("n = 1")).isEqualTo(done).isBetween(1L, 999L);
        assertThat(look(id).limitedBy()).isNull();
        assertThatThrownBy(() -> engine.runs().pause(id, TestEngine.TESTER))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT);
                    assertThat(p.getMessage()).contains("is cancelled and cannot be paused");
                });
        // asked for twice, it is what it is
        assertThat(engine.runs().cancel(id, TestEngine.TESTER).state()).isEqualTo("cancelled");
        // and a person may change her mind
        assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("queued");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void aFrozenCarrierChangesNothingAfterACancelAndAResume() throws Exception {
        UUID id = plus();
        var gate = TIME.gateAt(5);
        var frozen = engine.carryAside(id);
        gate.reached();
        engine.runs().cancel(id, TestEngine.TESTER);
        engine.runs().resume(id, TestEngine.TESTER);
        TIME.free();
        gate.open();
        frozen.get(20, TimeUnit.SECONDS);
        engine.execute(id);
        assertThat(look(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "cancel"})
    void aQueuedRunThatIsNotWantedDoesNotBegin(String how) throws Exception {
        UUID id = plus();
        RunStatus now = how.equals("pause")
                ? engine.runs().pause(id, TestEngine.TESTER)
                : engine.runs().cancel(id, TestEngine.TESTER);
        engine.execute(id);
        assertThat(count("n = 1")).isZero();
        assertThat(look(id).state()).isEqualTo(now.state());
        assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("queued");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "cancel"})
    void aRunIsStoppedWhileItVerifiesAndGoesOnThere(String how) throws Exception {
        UUID id = fill("");
        TIME.atWaits(nth -> {
            if (look(id).state().equals("verifying")
                    && known(look(id).progress().scanned()) >= 300) {
                TIME.free();
                if (how.equals("pause")) {
                    engine.runs().pause(id, TestEngine.TESTER);
                } else {
                    engine.runs().cancel(id, TestEngine.TESTER);
                }
            }
        });
        RunStatus stopped = engine.execute(id);
        assertThat(stopped.state()).isEqualTo(how.equals("pause") ? "paused" : "cancelled");
        assertThat(stopped.progress().pass()).isEqualTo("verify");
        long scanned = known(stopped.progress().scanned());
        assertThat(scanned).isBetween(300L, 999L);
        RunStatus on = engine.runs().resume(id, TestEngine.TESTER);
        assertThat(on.state()).isEqualTo(how.equals("pause") ? "verifying" : "queued");
        var gate = TIME.gateAt(1);
        var carrying = engine.carryAside(id);
        gate.reached();
        assertThat(look(id).state()).isEqualTo("verifying");
        assertThat(look(id).progress().scanned())
                .as("went on from its checkpoint")
                .isGreaterThan(scanned);
        gate.open();
        RunStatus end = carrying.get(20, TimeUnit.SECONDS);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(end.progress().scanned()).isEqualTo(1000);
    }

    @Test
    void aRunIsPausedWhileItSweepsAndGoesOnThere() throws Exception {
        UUID id = fill("");
        TIME.atWaits(nth -> {
            RunStatus now = look(id);
            if (now.state().equals("sweeping") && known(now.progress().scanned()) >= 300) {
                TIME.free();
                engine.runs().pause(id, TestEngine.TESTER);
            }
        });
        // old code that writes just before the first verification
        engine.db()
                .run(
                        "CREATE OR REPLACE FUNCTION be_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.kind = 'verify' AND NEW.pass = 1 THEN UPDATE " + table
                                + " SET m = NULL WHERE id IN (50, 950); END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER be_late AFTER INSERT ON sluice.pass FOR EACH ROW EXECUTE FUNCTION be_late()");
        try {
            RunStatus paused = engine.execute(id);
            assertThat(paused.state()).isEqualTo("paused");
            assertThat(paused.progress().pass()).isEqualTo("sweep");
            assertThat(count("m IS NULL")).isEqualTo(1);
            assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("sweeping");
            RunStatus end = engine.execute(id);
            assertThat(end.state()).isEqualTo("succeeded");
            assertThat(end.sweeps()).isEqualTo(1);
            assertThat(end.progress().changed()).isEqualTo(1002);
            assertThat(count("m = id")).isEqualTo(1000);
        } finally {
            engine.db().run("DROP TRIGGER be_late ON sluice.pass");
        }
    }

    @Test
    void tunedSettingsHoldFromTheNextBatchOn() throws Exception {
        UUID id = plus();
        assertThatThrownBy(() -> engine.runs()
                        .tune(
                                id,
                                new SettingsChange(Optional.empty(), Optional.of(10), Optional.empty()),
                                TestEngine.TESTER))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("run-not-begun"));
        var gate = TIME.gateAt(1);
        var carrying = engine.carryAside(id);
        gate.reached();
        long before = known(look(id).progress().scanned());
        RunStatus tuned = engine.runs()
                .tune(
                        id,
                        new SettingsChange(Optional.of(Duration.ofMillis(50)), Optional.of(7), Optional.of(0)),
                        TestEngine.TESTER);
        assertThat(tuned.settings()).isEqualTo(new RunStatus.Settings(Duration.ofMillis(50), 7, null, null, null));
        gate.open();
        RunStatus end = carrying.get(20, TimeUnit.SECONDS);
        assertThat(end.state()).isEqualTo("succeeded");
        // at most one batch was already on its way with the old size
        assertThat(end.progress().batches()).isGreaterThan((1000 - before - 100) / 7);
        assertThat(engine.db()
                        .value(
                                "SELECT detail::jsonb->>'batchSize' FROM sluice.event WHERE action = 'run.tuned' AND run_id = '"
                                        + id + "'"))
                .isEqualTo("7");
        assertThatThrownBy(() -> engine.runs()
                        .tune(
                                id,
                                new SettingsChange(Optional.empty(), Optional.of(10), Optional.empty()),
                                TestEngine.TESTER))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("run-over"));
    }

    @Test
    void tuningChangesOnlyWhatItNamesAndRefusesNonsense() throws Exception {
        UUID id = plus();
        TIME.atWait(2, nth -> {
            SettingsChange size = new SettingsChange(Optional.empty(), Optional.of(20), Optional.empty());
            assertThat(engine.runs().tune(id, size, TestEngine.TESTER).settings())
                    .isEqualTo(new RunStatus.Settings(Duration.ofMillis(200), 20, 100, null, null));
            for (SettingsChange bad : new SettingsChange[] {
                new SettingsChange(Optional.empty(), Optional.empty(), Optional.empty()),
                new SettingsChange(Optional.of(Duration.ofMillis(9)), Optional.empty(), Optional.empty()),
                new SettingsChange(Optional.of(Duration.ofSeconds(11)), Optional.empty(), Optional.empty()),
                new SettingsChange(Optional.empty(), Optional.of(0), Optional.empty()),
                new SettingsChange(Optional.empty(), Optional.of(100_001), Optional.empty()),
                new SettingsChange(Optional.empty(), Optional.empty(), Optional.of(-1)),
                new SettingsChange(
                        Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(999_999L), Optional.empty()),
                new SettingsChange(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new SettingsChange.Cores(1.5))),
                new SettingsChange(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(new SettingsChange.Cores(0.0009)))
            }) {
                assertThatThrownBy(() -> engine.runs().tune(id, bad, TestEngine.TESTER))
                        .isInstanceOfSatisfying(
                                Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.INVALID));
            }
            assertThat(look(id).settings())
                    .isEqualTo(new RunStatus.Settings(Duration.ofMillis(200), 20, 100, null, null));
        });
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
    }

    @Test
    void anUnknownRunIsSaidToBeUnknown() {
        UUID id = UUID.randomUUID();
        assertThat(engine.runs().find(id)).isEmpty();
        assertThatThrownBy(() -> engine.runs().pause(id, TestEngine.TESTER))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.NOT_FOUND);
                    assertThat(p.getMessage()).contains(id.toString());
                });
    }
}
