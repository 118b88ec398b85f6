package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rows in one database, the runs in another, and one of them away. */
@Timeout(60)
class TwoDatabasesTest {
    private final HookedTime time = new HookedTime();
    private final TestPostgres.Fresh control = TestPostgres.create();
    private final TestPostgres.Fresh target = limited(TestPostgres.create());
    private final Wire wire = new Wire(target);
    private final TestEngine engine = TestEngine.onTwo(wire.through(), control, time);
    private UUID id = UUID.randomUUID();

    /** The same database, as a role that can be kept out; a superuser cannot. */
    private static TestPostgres.Fresh limited(TestPostgres.Fresh superuser) {
        String name = superuser.url().substring(superuser.url().lastIndexOf('/') + 1);
        superuser.run(
                "CREATE ROLE " + name + "_app LOGIN PASSWORD 'app'",
                "GRANT ALL ON DATABASE " + name + " TO " + name + "_app",
                "REVOKE CONNECT ON DATABASE " + name + " FROM PUBLIC",
                "GRANT ALL ON SCHEMA public TO " + name + "_app");
        return new TestPostgres.Fresh(superuser.url(), name + "_app", "app");
    }

    @BeforeEach
    void rows() {
        target.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO t SELECT generate_series(1, 1000)");
        id = engine.queue(TestEngine.job(
                        "job: plus\nmigrate: { table: t, set: { n: n + 1 }, throttle: { rows-per-second: 100 } }"))
                .id();
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        wire.close();
    }

    private String database() {
        return target.url().substring(target.url().lastIndexOf('/') + 1);
    }

    private long done() {
        return Long.parseLong(target.value("SELECT count(*) FROM t WHERE n = 1"));
    }

    @Test
    void whatTheTargetCannotStoreIsNotSaidToBeDone() throws Exception {
        var gate = time.gateAt(5);
        var carrying = engine.carryAside(id);
        gate.reached();
        wire.cut();
        String before = row();
        String events = control.value("SELECT count(*) FROM sluice.event");
        List<Consumer<UUID>> changes = List.of(
                run -> engine.runs().pause(run, TestEngine.TESTER),
                run -> engine.runs().cancel(run, TestEngine.TESTER),
                run -> engine.runs()
                        .tune(
                                run,
                                new SettingsChange(Optional.empty(), Optional.of(5), Optional.empty()),
                                TestEngine.TESTER));
        for (Consumer<UUID> change : changes) {
            assertThatThrownBy(() -> change.accept(id)).isInstanceOfSatisfying(Problem.class, p -> {
                assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE);
                assertThat(p.getMessage()).contains("\"main\"", "Nothing was changed. Runs hold");
            });
        }
        assertThat(row()).isEqualTo(before);
        assertThat(control.value("SELECT count(*) FROM sluice.event")).isEqualTo(events);
        // seen from outside, the run says what it lacks
        assertThat(known(engine.runs().find(id).orElseThrow().limitedBy()).reason())
                .isEqualTo("database-away");
        // the carrier holds for that reason, and comes back by itself
        time.atWaits(nth -> {
            if (nth == 2) {
                wire.restore();
            }
        });
        gate.open();
        assertThat(carrying.get(60, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
        assertThat(engine.scrape())
                .containsPattern("sluice_hold_seconds_total\\{[^}]*reason=\"database-away\"[^}]*} [0-9.E]*[1-9]")
                .containsPattern("sluice_retries_total\\{[^}]*kind=\"away\"[^}]*} [1-9]");
    }

    @Test
    void aTargetWithoutItsSchemaHoldsTheRunUntilItIsThere() throws Exception {
        var main = engine.databases().get("main");
        main.hold(new Problem(Problem.Kind.UNAVAILABLE, "schema", "Schema sluice is missing."));
        List<String> seen = new ArrayList<>();
        time.atWaits(nth -> {
            if (nth == 3) {
                seen.add(engine.runs().find(id).orElseThrow().state());
                var limit = known(engine.runs().find(id).orElseThrow().limitedBy());
                seen.add(limit.reason() + ": " + limit.message());
                assertThatThrownBy(() -> engine.runs().pause(id, TestEngine.TESTER))
                        .isInstanceOfSatisfying(
                                Problem.class, p -> assertThat(p.code()).isEqualTo("database-not-prepared"));
                main.release();
            }
        });
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(seen).first().isEqualTo("queued");
        assertThat(seen)
                .last()
                .asString()
                .startsWith("database-not-prepared: Database \"main\" is not prepared yet: Schema sluice is missing.");
    }

    @Test
    void aReadOnlyTargetHoldsTheRunWhichSaysSo() throws Exception {
        List<String> seen = new ArrayList<>();
        time.atWaits(nth -> {
            if (nth == 4) {
                readOnly("on");
                assertThatThrownBy(() -> engine.runs().pause(id, TestEngine.TESTER))
                        .isInstanceOfSatisfying(
                                Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE));
            } else if (nth > 4 && seen.size() < 3) {
                engine.awaitBeat(id);
                var limit = known(engine.runs().find(id).orElseThrow().limitedBy());
                seen.add(limit.reason() + ": " + limit.message());
            }
            if (seen.size() == 3) {
                seen.add("writable");
                readOnly("off");
            }
        });
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(seen.subList(0, 3)).anyMatch(s -> s.startsWith("database-read-only: 25006 cannot execute"));
        assertThat(done()).isEqualTo(1000);
    }

    @Test
    void aTargetThatRefusesTheRoleFailsTheRunAtOnceAndItIsResumedWhenThatIsFixed() throws Exception {
        time.atWait(
                4,
                nth -> control.run(
                        "REVOKE CONNECT ON DATABASE " + database() + " FROM " + target.user(),
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + target.user()
                                + "'"));
        RunStatus failed = engine.execute(id);
        assertThat(failed.state()).isEqualTo("failed");
        assertThat(known(failed.failure()).sqlState()).isEqualTo("42501");
        assertThat(known(failed.failure()).message()).contains("permission denied for database");
        control.run("GRANT CONNECT ON DATABASE " + database() + " TO " + target.user());
        resumeWhenThePoolHasNoticed();
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
    }

    private void resumeWhenThePoolHasNoticed() {
        @Nullable Problem last = null;
        for (int tries = 0; tries < 60; tries++) {
            try {
                engine.runs().resume(id, TestEngine.TESTER);
                return;
            } catch (Problem e) {
                last = e;
            }
        }
        throw new IllegalStateException(last);
    }

    private void readOnly(String how) {
        control.run(
                "ALTER DATABASE " + database() + " SET default_transaction_read_only = " + how,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '" + target.user() + "'");
    }

    @Test
    void aDatabaseThatIsAnotherOneAfterALostConnectionIsNotWrittenTo() throws Exception {
        AtomicLong done = new AtomicLong();
        time.atWaits(nth -> {
            if (nth == 4) {
                done.set(done());
                wire.cut();
            } else if (nth == 6) {
                // as if a restored copy, with the same tokens and positions, answered there now
                control.run("UPDATE sluice.run SET system_identifier = '42'");
                wire.restore();
            }
        });
        RunStatus failed = engine.execute(id);
        assertThat(failed.state()).isEqualTo("failed");
        assertThat(known(failed.failure()).code()).isEqualTo("identity-differs");
        assertThat(done()).as("changed after the connection was lost").isEqualTo(done.get());
    }

    @Test
    void whatAnAwayTargetKnowsIsUnknownAndItIsAskedOnce() throws Exception {
        int runs = 12;
        for (int i = 1; i < runs; i++) {
            engine.queue(TestEngine.job("job: plus" + i + "\nmigrate: { table: t, set: { n: n + 1 } }"));
        }
        wire.cut();
        engine.runs().latest(); // the pool finds out that its connections are gone
        long begin = System.nanoTime();
        List<RunStatus> latest = engine.runs().latest();
        Duration took = Duration.ofNanos(System.nanoTime() - begin);
        assertThat(latest).hasSize(runs).allSatisfy(run -> {
            assertThat(known(run.limitedBy()).reason()).isEqualTo("database-away");
            assertThat(run.progress().isKnown()).isFalse();
            assertThat(run.progress().pass()).isNull();
            assertThat(run.progress().changed()).isNull();
            assertThat(run.progress().partitions()).isNull();
        });
        // a connection is waited for 300 ms
        assertThat(took).isLessThan(Duration.ofMillis(300L * runs));
        wire.restore();
    }

    private String row() {
        return control.value("SELECT (state, pass, resume_state, settled)::text FROM"
                + " (SELECT r.state, r.pass, r.resume_state, r.finished_at AS settled FROM sluice.run r WHERE id = '"
                + id
                + "') x");
    }

    @Test
    void aPauseThatOnlyReachedTheTargetIsUndoneByTheNextCarrier() throws Exception {
        time.atWait(4, nth -> {
            // the target stored it, then the control database was gone: whoever asked was told that nothing changed
            new DesiredState(engine.databases().get("main")).want(id, Wanted.PAUSED);
        });
        RunStatus left = engine.execute(id);
        long half = done();
        assertThat(left.state()).isEqualTo("running");
        assertThat(half).isBetween(1L, 999L);
        assertThat(control.value("SELECT owner IS NULL AND heartbeat_at IS NULL FROM sluice.lane"))
                .as("given back, so that it is taken up again")
                .isEqualTo("t");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
    }

    @Test
    void aCancelThatOnlyReachedTheTargetIsUndoneToo() throws Exception {
        time.atWait(4, nth -> new DesiredState(engine.databases().get("main")).want(id, Wanted.STOPPED));
        assertThat(engine.execute(id).state()).isEqualTo("running");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
    }

    @Test
    void aPauseHoldsThoughTheControlDatabaseWasSlowToSaySo() throws Exception {
        engine.runs().pause(id, TestEngine.TESTER);
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        engine.runs().resume(id, TestEngine.TESTER);
        time.atWait(4, nth -> engine.runs().pause(id, TestEngine.TESTER));
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        // healing does not undo a pause that was acknowledged
        assertThat(engine.execute(id).state()).isEqualTo("paused");
        assertThat(target.value("SELECT wanted FROM sluice.run_wanted")).isEqualTo("paused");
    }

    @Test
    void aTargetThatLostItsLastCommitsGoesOnFromThePassBefore() throws Exception {
        time.atWaits(nth -> {
            RunStatus now = engine.runs().find(id).orElseThrow();
            if (known(now.progress().scanned()) >= 300) {
                time.free();
                engine.runs().pause(id, TestEngine.TESTER);
            }
        });
        engine.execute(id);
        // as if a failover had taken the pass back with its rows, and the control database had kept its word
        control.run("UPDATE sluice.run SET pass = 1, resume_state = 'verifying'");
        engine.runs().resume(id, TestEngine.TESTER);
        RunStatus failed = engine.execute(id);
        assertThat(failed.state()).isEqualTo("failed");
        assertThat(known(failed.failure()).code()).isEqualTo("checkpoint-gone");
        engine.runs().resume(id, TestEngine.TESTER);
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
    }
}
