package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import dev.sluice.run.FleetStop;
import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All runs are stopped, and go on: what a run does meanwhile, and what can be done with it. */
@Timeout(60)
class StopAllTest {
    private static final Optional<String> DEPLOY = Optional.of("deploy");

    private final HookedTime time = new HookedTime();
    private final TestPostgres.Fresh db = TestPostgres.create();
    private TestEngine engine = TestEngine.on(db, time);

    @BeforeEach
    void table() {
        db.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, m bigint)",
                "INSERT INTO t (id) SELECT generate_series(1, 1000)");
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private UUID plus() {
        return engine.queue(TestEngine.job(
                        "job: plus\nmigrate: { table: t, set: { n: n + 1 }, throttle: { rows-per-second: 100 } }"))
                .id();
    }

    private long count(String condition) {
        return Long.parseLong(db.value("SELECT count(*) FROM t WHERE " + condition));
    }

    private RunStatus look(UUID id) {
        return engine.runs().find(id).orElseThrow();
    }

    private void assertStopped(RunStatus run, String state) {
        assertThat(run.state()).isEqualTo(state);
        assertThat(known(run.limitedBy()).reason()).isEqualTo("stopped-all");
        assertThat(known(run.limitedBy()).message())
                .startsWith("all runs are stopped by tester since ")
                .endsWith(" (deploy); `sluice resume-all` goes on");
    }

    private long events(String action) {
        return Long.parseLong(db.value("SELECT count(*) FROM sluice.event WHERE action = '" + action + "'"));
    }

    private static RunStatus end(java.util.concurrent.CompletableFuture<RunStatus> carried) throws Exception {
        return carried.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aRunHoldsUntilAllGoOn() throws Exception {
        UUID id = plus();
        AtomicLong done = new AtomicLong();
        time.atWaits(nth -> {
            if (nth == 5) {
                assertThat(engine.fleet().stop(DEPLOY, TestEngine.TESTER).stopped())
                        .isTrue();
                done.set(count("n = 1"));
                assertStopped(look(id), "running");
            } else if (nth == 20) {
                // it has tried to go on many times by now
                assertThat(count("n = 1")).isEqualTo(done.get()).isBetween(1L, 999L);
                engine.awaitBeat(id);
                assertThat(look(id).lanes()).singleElement().satisfies(lane -> {
                    RunStatus.Limit limit = known(lane.limitedBy());
                    assertThat(limit.reason()).isEqualTo("stopped-all");
                    assertThat(limit.since())
                            .as("since all were stopped")
                            .isEqualTo(known(engine.fleet().now().since()));
                });
                assertThat(engine.fleet().resume(TestEngine.TESTER).stopped()).isFalse();
            }
        });
        RunStatus end = engine.execute(id);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
        assertThat(events("fleet.stopped")).isEqualTo(1);
        assertThat(events("fleet.resumed")).isEqualTo(1);
        assertThat(engine.scrape())
                .containsPattern("sluice_hold_seconds_total\\{[^}]*reason=\"stopped-all\"")
                .as("no retry budget is used")
                .doesNotContain("sluice_retries_total{");
    }

    @Test
    void aVerificationHoldsToo() throws Exception {
        UUID id = engine.queue(TestEngine.job("job: fill\nmigrate: { table: t, set: { m: id }, where: m IS NULL,"
                        + " throttle: { rows-per-second: 100 } }"))
                .id();
        AtomicLong scanned = new AtomicLong();
        time.atWaits(nth -> {
            RunStatus now = look(id);
            if (scanned.get() == 0
                    && now.state().equals("verifying")
                    && known(now.progress().scanned()) >= 300) {
                engine.fleet().stop(DEPLOY, TestEngine.TESTER);
                scanned.set(known(look(id).progress().scanned()));
                time.atWait(15, later -> {
                    assertStopped(look(id), "verifying");
                    assertThat(look(id).progress().scanned()).isEqualTo(scanned.get());
                    engine.fleet().resume(TestEngine.TESTER);
                });
            }
        });
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(scanned.get()).isBetween(300L, 999L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRunThatIsStartedMeanwhileIsAcceptedAndHolds(boolean cancelled) throws Exception {
        engine.fleet().stop(DEPLOY, TestEngine.TESTER);
        UUID id = plus();
        assertStopped(look(id), "queued");
        time.atWait(10, nth -> {
            assertStopped(look(id), "queued");
            if (cancelled) {
                engine.runs().cancel(id, TestEngine.TESTER);
            } else {
                engine.fleet().resume(TestEngine.TESTER);
            }
        });
        assertThat(engine.execute(id).state()).isEqualTo(cancelled ? "cancelled" : "succeeded");
        assertThat(count("n = 1")).isEqualTo(cancelled ? 0 : 1000);
    }

    @Test
    void aRunCanBePausedAndTunedMeanwhile() throws Exception {
        UUID id = plus();
        AtomicLong done = new AtomicLong();
        time.atWaits(nth -> {
            if (nth == 5) {
                engine.fleet().stop(DEPLOY, TestEngine.TESTER);
                done.set(count("n = 1"));
            } else if (nth == 10) {
                var faster = new SettingsChange(Optional.empty(), Optional.empty(), Optional.of(0));
                assertThat(engine.runs()
                                .tune(id, faster, TestEngine.TESTER)
                                .settings()
                                .rowsPerSecond())
                        .isNull();
                RunStatus paused = engine.runs().pause(id, TestEngine.TESTER);
                assertThat(known(paused.limitedBy()).reason()).isEqualTo("paused");
            }
        });
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("running");
        assertThat(count("n = 1")).isEqualTo(done.get());
        time.atWait(5, nth -> engine.fleet().resume(TestEngine.TESTER));
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void itOutlivesARestart() throws Exception {
        UUID id = plus();
        var gate = time.gateAt(5);
        var carried = engine.carryAside(id);
        gate.reached();
        engine.fleet().stop(DEPLOY, TestEngine.TESTER);
        long done = count("n = 1");
        known(time.waiting()).interrupt();
        gate.open();
        assertThatThrownBy(() -> end(carried)).hasRootCauseInstanceOf(InterruptedException.class);
        engine.close();
        time.free();
        engine = TestEngine.on(db, time);
        assertThat(engine.fleet().now().by()).isEqualTo("tester");
        time.atWait(10, nth -> {
            assertThat(count("n = 1")).isEqualTo(done);
            assertStopped(look(id), "running");
            engine.fleet().resume(TestEngine.TESTER);
        });
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void whoStoppedStaysWhenItIsAskedForAgain() {
        FleetStop fleet = engine.fleet();
        assertThat(fleet.now()).isEqualTo(new FleetStop.Status(false, null, null, null));
        assertThat(fleet.resume(TestEngine.TESTER).stopped()).isFalse();
        FleetStop.Status first = fleet.stop(DEPLOY, TestEngine.TESTER);
        assertThat(first.by()).isEqualTo("tester");
        assertThat(first.reason()).isEqualTo("deploy");
        assertThat(fleet.stop(Optional.empty(), new Actor("bert"))).isEqualTo(first);
        assertThat(fleet.now()).isEqualTo(first);
        assertThat(fleet.resume(new Actor("bert")).stopped()).isFalse();
        assertThat(fleet.resume(TestEngine.TESTER)).isEqualTo(fleet.now());
        assertThat(db.value("SELECT string_agg(action || ' by ' || actor || ' ' || detail, ', ' ORDER BY id) FROM"
                        + " sluice.event WHERE action LIKE 'fleet.%'"))
                .startsWith("fleet.stopped by tester {\"reason\":\"deploy\"}, fleet.resumed by bert {")
                .contains("\"stoppedBy\":\"tester\"")
                .doesNotContain("by tester {\"stopped");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 501})
    void aReasonHasALength(int length) {
        assertThatThrownBy(() -> engine.fleet().stop(Optional.of("x".repeat(length)), TestEngine.TESTER))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.INVALID);
                    assertThat(p.getMessage()).contains("1 to 500 characters");
                });
        assertThat(engine.fleet().now().stopped()).isFalse();
    }
}
