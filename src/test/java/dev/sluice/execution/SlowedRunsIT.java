package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.Alone;
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

    @AfterEach
    void stop() {
        application.shutdownNow();
    }

    /** A run that goes on for minutes, since each of its rows takes a millisecond, on a server of its own. */
    private record Slowed(Primary primary, TestEngine engine, UUID id, CompletableFuture<RunStatus> end)
            implements AutoCloseable {
        /**
         * It has come to full speed.
         *
         * @param signal that it watches, with a limit
         */
        static Slowed begin(Path folder, Map<String, String> settings, String signal) {
            Primary primary = Primary.start(folder, settings);
            TestEngine engine = ThrottledRunsIT.engine(primary, 100_000);
            engine.db().run("ALTER TABLE t SET (autovacuum_enabled = off)");
            ThrottledRunsIT.dear(engine, 0.001);
            UUID id = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                            + " batch: { size: 20, target: 20ms }, throttle: { cores: off, " + signal + " } }"))
                    .id();
            var slowed = new Slowed(primary, engine, id, engine.carryAside(id));
            slowed.awaitFullSpeed();
            return slowed;
        }

        void awaitFullSpeed() {
            await().atMost(PATIENCE).until(() -> pace() == 1.0);
        }

        /** It is slowed for this reason. */
        RunStatus.Limit awaitReason(String signal) {
            RunStatus.Limit limit = ThrottledRunsIT.awaitReason(engine, id, signal);
            await().atMost(PATIENCE).until(() -> pace() < 1.0);
            return limit;
        }

        void run(String... sql) {
            engine.db().run(sql);
        }

        private double pace() {
            return ThrottledRunsIT.pace(engine.runs().find(id).orElseThrow());
        }

        void cancel() throws Exception {
            engine.runs().cancel(id, TestEngine.TESTER);
            ThrottledRunsIT.assertCancelled(engine, id, end);
        }

        @Override
        public void close() throws Exception {
            engine.close();
            primary.close();
        }
    }

    /** Alone: beside {@link ThrottledRunsIT} the run went on at full speed. */
    @Alone
    @Test
    void commitsThatTakeLongSlowTheRun() throws Exception {
        try (Slowed slowed = Slowed.begin(folder, Map.of("fsync", "on"), "commit-latency: 3")) {
            slowed.run(
                    "ALTER SYSTEM SET commit_siblings = 0",
                    "ALTER SYSTEM SET commit_delay = 100000",
                    "SELECT pg_reload_conf()");
            assertThat(slowed.awaitReason("commit-latency").message()).contains("commit-latency", ">= 3 x 10ms");
            slowed.run("ALTER SYSTEM SET commit_delay = 0", "SELECT pg_reload_conf()");
            slowed.awaitFullSpeed();
            slowed.cancel();
        }
    }

    @Test
    void deadRowsSlowTheRunUntilTheyAreVacuumed() throws Exception {
        try (Slowed slowed = Slowed.begin(folder, Map.of(), "dead-tuples: 20%")) {
            slowed.run("UPDATE t SET a = a WHERE id > 50000"); // where the run is not yet
            assertThat(slowed.awaitReason("dead-tuples").message()).contains("dead-tuples", ">= 20%");
            slowed.run("VACUUM t");
            slowed.awaitFullSpeed();
            slowed.cancel();
        }
    }

    @Test
    void aVacuumThatTakesLongSlowsTheRun() throws Exception {
        try (Slowed slowed = Slowed.begin(folder, Map.of(), "autovacuum: 2s")) {
            var vacuum = application.submit(() -> vacuum(slowed.engine().db()));
            assertThat(slowed.awaitReason("autovacuum").message()).contains("autovacuum of t at work for ", ">= 2s");
            slowed.run("SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum");
            assertThat(vacuum.get()).contains("canceling statement due to user request");
            slowed.awaitFullSpeed();
            slowed.cancel();
        }
    }

    /** One that takes minutes unless somebody cancels it; what it ended with. */
    private static String vacuum(TestPostgres.Fresh db) {
        try (Connection c = db.connect();
                Statement s = c.createStatement()) {
            s.execute("SET vacuum_cost_delay = '100ms'");
            s.execute("SET vacuum_cost_limit = 1");
            s.execute("VACUUM t");
            return "";
        } catch (SQLException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** They count for five minutes, so the way back is for the tests with a clock of their own. */
    @Test
    void checkpointsOnRequestSlowTheRun() throws Exception {
        try (Slowed slowed = Slowed.begin(folder, Map.of(), "checkpoints: 3")) {
            for (int i = 0; i < 5; i++) {
                slowed.run("CHECKPOINT");
            }
            assertThat(slowed.awaitReason("checkpoints").message()).contains("checkpoints 5 in 5m >= 3");
            slowed.cancel();
        }
    }
}
