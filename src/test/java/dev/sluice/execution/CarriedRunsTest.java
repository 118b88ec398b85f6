package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who carries a run, on which database, and what is seen of it meanwhile. */
@Timeout(60)
class CarriedRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();
    private static TestEngine engine;
    private String t = "";
    private UUID id = UUID.randomUUID();

    @BeforeAll
    static void start() {
        engine = TestEngine.on(DATABASE, TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void run() {
        TIME.free();
        t = "c" + COUNT.incrementAndGet();
        DATABASE.run(
                "CREATE TABLE " + t + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO " + t + " SELECT generate_series(1, 1000)",
                "ANALYZE " + t);
        id = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                        + ", set: { n: n + 1 }, throttle: { rows-per-second: 100 } }"))
                .id();
    }

    private long done() {
        return Long.parseLong(DATABASE.value("SELECT count(*) FROM " + t + " WHERE n = 1"));
    }

    @Test
    void aCarrierWhoseRunWasTakenStopsAndChangesNothingMore() throws Exception {
        var gate = TIME.gateAt(4);
        var frozen = engine.carryAside(id);
        gate.reached();
        long before = done();
        HookedTime otherTime = new HookedTime();
        try (TestEngine other = TestEngine.on(DATABASE, otherTime)) {
            var second = otherTime.gateAt(4);
            var taken = other.carryAside(id);
            second.reached();
            long after = done();
            assertThat(after).isGreaterThan(before);
            String owner = DATABASE.value("SELECT owner FROM sluice.lane WHERE run_id = '" + id + "'");
            gate.open();
            frozen.get(20, TimeUnit.SECONDS);
            assertThat(done()).as("the first one changed nothing more").isEqualTo(after);
            assertThat(DATABASE.value("SELECT owner FROM sluice.lane WHERE run_id = '" + id + "'"))
                    .as("and did not give back what it no longer had")
                    .isEqualTo(owner);
            second.open();
            assertThat(taken.get(20, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        }
        assertThat(done()).isEqualTo(1000);
    }

    @Test
    void aCarrierThatIsHeldNoticesThatItsRunWasTaken() throws Exception {
        var gate = TIME.gateAt(4);
        var held = engine.carryAside(id);
        gate.reached();
        DATABASE.run("UPDATE sluice.lane SET owner = 'another#1' WHERE run_id = '" + id + "'");
        long before = done();
        // nobody took the partition: what stops the carrier is its heartbeat alone, so let it beat twice, in vain
        DATABASE.run(
                "CREATE SEQUENCE beats",
                "CREATE FUNCTION beats() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN PERFORM nextval('public.beats'); RETURN NULL; END $$",
                "CREATE TRIGGER beats AFTER UPDATE ON sluice.lane FOR EACH STATEMENT EXECUTE FUNCTION public.beats()");
        while (Long.parseLong(DATABASE.value("SELECT last_value FROM beats")) < 3) {
            Thread.onSpinWait();
        }
        gate.open();
        assertThat(held.get(20, TimeUnit.SECONDS).state()).isEqualTo("running");
        assertThat(done()).isEqualTo(before);
        assertThat(DATABASE.value("SELECT owner FROM sluice.lane WHERE run_id = '" + id + "'"))
                .isEqualTo("another#1");
        DATABASE.run("DROP TRIGGER beats ON sluice.lane");
    }

    @Test
    void aRunOfAnotherClusterDoesNotGoOnHereInAnyState() throws Exception {
        for (String state : List.of("running", "queued", "verifying")) {
            TIME.atWait(4, nth -> engine.runs().pause(id, TestEngine.TESTER));
            assertThat(engine.execute(id).state()).isEqualTo("paused");
            long before = done();
            String real = DATABASE.value("SELECT system_identifier FROM sluice.run WHERE id = '" + id + "'");
            DATABASE.run(
                    "UPDATE sluice.run_wanted SET wanted = 'running' WHERE run_id = '" + id + "'",
                    "UPDATE sluice.checkpoint SET wanted = 'running' WHERE run_id = '" + id + "'",
                    "UPDATE sluice.run SET system_identifier = '42', state = '" + state + "' WHERE id = '" + id + "'");
            RunStatus run = engine.execute(id);
            assertThat(run.state()).as(state).isEqualTo("failed");
            assertThat(known(run.failure()).code()).isEqualTo("identity-differs");
            assertThat(known(run.failure()).message())
                    .contains("cluster 42", "cluster " + real, "Nothing was changed here");
            assertThat(done()).isEqualTo(before);
            assertThat(DATABASE.value("SELECT wanted FROM sluice.run_wanted WHERE run_id = '" + id + "'"))
                    .as("a copy is not written to")
                    .isEqualTo("running");
            DATABASE.run("UPDATE sluice.run SET system_identifier = '" + real + "' WHERE id = '" + id + "'");
            engine.runs().resume(id, TestEngine.TESTER);
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            assertThat(done()).isEqualTo(1000);
            run();
        }
    }

    @Test
    void aRunWhoseFirstCarrierDiedAfterItsFirstStepBeginsWholly() throws Exception {
        // the pass is there, and the run's row does not know of it yet
        TIME.atWait(1, nth -> engine.runs().pause(id, TestEngine.TESTER));
        engine.execute(id);
        DATABASE.run(
                "UPDATE sluice.run SET state = 'queued', resume_state = NULL, started_at = NULL, system_identifier = NULL,"
                        + " database_name = NULL, estimated_rows = NULL WHERE id = '" + id + "'",
                "UPDATE sluice.run_wanted SET wanted = 'running' WHERE run_id = '" + id + "'",
                "UPDATE sluice.checkpoint SET wanted = 'running' WHERE run_id = '" + id + "'");
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.startedAt()).isNotNull();
        assertThat(run.progress().estimatedRows()).isEqualTo(1000);
        assertThat(DATABASE.value("SELECT system_identifier IS NOT NULL FROM sluice.run WHERE id = '" + id + "'"))
                .isEqualTo("t");
        assertThat(done()).isEqualTo(1000);
    }

    @Test
    void theStatusTellsHowFarItIsAndNoEtaBeforeThereIsARate() throws Exception {
        RunStatus queued = engine.runs().find(id).orElseThrow();
        assertThat(known(queued.limitedBy()).reason()).isEqualTo("queued");
        assertThat(queued.progress().etaSeconds()).isNull();
        assertThat(queued.progress().ratio()).isNull();
        List<RunStatus> seen = new ArrayList<>();
        TIME.atWaits(nth -> {
            engine.awaitBeat(id);
            seen.add(engine.runs().find(id).orElseThrow());
        });
        RunStatus end = engine.execute(id);
        assertThat(seen).isNotEmpty();
        for (RunStatus now : seen) {
            var p = now.progress();
            assertThat(p.pass()).isEqualTo("migrate");
            assertThat(p.ratio()).isGreaterThan(0).isLessThan(1).isEqualTo(Math.min(0.99, known(p.scanned()) / 1000.0));
            assertThat(p.remaining()).isEqualTo(1000 - known(p.scanned()));
            assertThat(known(now.limitedBy()).reason()).isEqualTo("rows-per-second");
            assertThat(known(now.limitedBy()).limit()).isEqualTo(100);
            assertThat(p.etaSeconds() == null).isEqualTo(p.rowsPerSecond() == null);
        }
        assertThat(seen.getFirst().progress().etaSeconds()).as("no rate yet").isNull();
        var late = seen.getLast().progress();
        assertThat(late.rowsPerSecond()).isBetween(50.0, 150.0);
        assertThat(late.etaSeconds()).isEqualTo(known(late.remaining()) / known(late.rowsPerSecond()));
        assertThat(end.progress().ratio()).isEqualTo(1);
        assertThat(end.progress().remaining()).isZero();
        assertThat(end.progress().etaSeconds()).isNull();
        assertThat(end.limitedBy()).isNull();
    }

    @Test
    void anEstimateThatWasTooLowDoesNotLookLikeTheEnd() throws Exception {
        TIME.atWait(1, nth -> engine.runs().pause(id, TestEngine.TESTER));
        engine.execute(id);
        DATABASE.run("UPDATE sluice.run SET estimated_rows = 50 WHERE id = '" + id + "'");
        RunStatus paused = engine.runs().find(id).orElseThrow();
        assertThat(paused.progress().scanned()).isGreaterThan(50);
        assertThat(paused.progress().ratio()).isEqualTo(0.99);
        assertThat(paused.progress().remaining()).isZero();
    }

    @Test
    void aWorkerThatStopsGivesTheRunBackWithinABatch() throws Exception {
        TIME.atWait(3, nth -> Thread.currentThread().interrupt());
        assertThatThrownBy(() -> engine.execute(id)).isInstanceOf(InterruptedException.class);
        assertThat(DATABASE.value(
                        "SELECT owner IS NULL AND heartbeat_at IS NULL AND state = 'running' FROM sluice.run JOIN sluice.lane ON run_id = id WHERE id = '"
                                + id + "'"))
                .isEqualTo("t");
        TIME.free();
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
    }
}
