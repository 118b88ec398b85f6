package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.Primary;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole runs at full speed, slowed by what the table and the disk feel, with that reason, and at full speed again when
 * it is over; beside {@link ThrottledRunsIT}, where a rate keeps the run from its end.
 */
@Timeout(180)
class SlowedRunsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final ExecutorService application = Executors.newVirtualThreadPerTaskExecutor();
    private Primary primary;
    private TestEngine engine;
    private UUID run;
    private CompletableFuture<RunStatus> end;

    /** A run that goes on for minutes, since each of its rows takes a millisecond; it heeds this signal. */
    private void begin(String signal, Map<String, String> settings) {
        primary = Primary.start(folder, settings);
        engine = ThrottledRunsIT.engine(primary, 100_000);
        engine.db().run("ALTER TABLE t SET (autovacuum_enabled = off)");
        ThrottledRunsIT.dear(engine, 0.001);
        run = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 20, target: 20ms }, throttle: { cores: off, " + signal + " } }"))
                .id();
        end = engine.carryAside(run);
        awaitFullSpeed();
    }

    private void awaitFullSpeed() {
        await().atMost(PATIENCE)
                .until(() ->
                        ThrottledRunsIT.pace(engine.runs().find(run).orElseThrow()) == 1.0);
    }

    /** The run is slowed for this reason, until it is over. */
    private RunStatus.Limit awaitSlow(String signal) {
        RunStatus.Limit limit = ThrottledRunsIT.awaitReason(engine, run, signal);
        assertThat(ThrottledRunsIT.pace(engine.runs().find(run).orElseThrow())).isLessThan(1);
        return limit;
    }

    private void cancel() throws Exception {
        engine.runs().cancel(run, TestEngine.TESTER);
        assertThat(end.get().state()).isEqualTo("cancelled");
    }

    @AfterEach
    void stop() throws Exception {
        if (engine != null) {
            engine.close();
        }
        if (primary != null) {
            primary.close();
        }
        application.shutdownNow();
    }

    @Test
    void commitsThatTakeLongSlowTheRun() throws Exception {
        begin("commit-latency: 3", Map.of("fsync", "on"));
        engine.db()
                .run(
                        "ALTER SYSTEM SET commit_siblings = 0",
                        "ALTER SYSTEM SET commit_delay = 100000",
                        "SELECT pg_reload_conf()");
        assertThat(awaitSlow("commit-latency").message()).contains("commit-latency", ">= 3 times");
        engine.db().run("ALTER SYSTEM SET commit_delay = 0", "SELECT pg_reload_conf()");
        awaitFullSpeed();
        cancel();
    }

    @Test
    void deadRowsSlowTheRunUntilTheyAreVacuumed() throws Exception {
        begin("dead-tuples: 20%", Map.of());
        engine.db().run("UPDATE t SET a = a WHERE id > 50000"); // where the run is not yet
        assertThat(awaitSlow("dead-tuples").message()).contains("dead-tuples", ">= 20%");
        engine.db().run("VACUUM t");
        awaitFullSpeed();
        cancel();
    }

    @Test
    void aVacuumThatTakesLongSlowsTheRun() throws Exception {
        begin("autovacuum: 2s", Map.of());
        application.execute(() -> vacuum(engine.db()));
        assertThat(awaitSlow("autovacuum").message()).contains("autovacuum of public.t", ">= 2s");
        engine.db().run("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum");
        awaitFullSpeed();
        cancel();
    }

    private static void vacuum(TestPostgres.Fresh db) {
        try (Connection c = db.connect();
                Statement s = c.createStatement()) {
            s.execute("SET vacuum_cost_delay = '100ms'");
            s.execute("SET vacuum_cost_limit = 1");
            s.execute("VACUUM t");
        } catch (SQLException e) {
            // it is cancelled
        }
    }

    /** They count for five minutes, so the way back is for the tests with a clock of their own. */
    @Test
    void checkpointsOnRequestSlowTheRun() throws Exception {
        begin("checkpoints: 3", Map.of());
        for (int i = 0; i < 5; i++) {
            engine.db().run("CHECKPOINT");
        }
        assertThat(awaitSlow("checkpoints").message()).contains("checkpoints 5 in 5m >= 3");
        cancel();
    }
}
