package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.testing.Primary;
import dev.sluice.testing.Replica;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs, slowed or held by the real thing, with that reason, and at full speed again when it is over. */
@Timeout(180)
class ThrottledRunsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private final ExecutorService application = Executors.newVirtualThreadPerTaskExecutor();
    private final List<AutoCloseable> parts = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable part : parts.reversed()) {
            part.close();
        }
        application.shutdownNow();
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.add(part);
        return part;
    }

    private Primary primary(Map<String, String> settings) {
        return part(Primary.start(folder, settings));
    }

    private TestEngine part(Primary primary, int rows) {
        return part(engine(primary, rows));
    }

    /** An engine with a table of so many rows. */
    static TestEngine engine(Primary primary, int rows) {
        primary.database()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int)",
                        "INSERT INTO t (id, a) SELECT g, g FROM generate_series(1, " + rows + ") g");
        return TestEngine.throttled(primary.database());
    }

    /** A run that goes on for minutes unless something holds it back or its limit of rows is taken away. */
    private static UUID queue(TestEngine engine, String throttle) {
        return engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 50, target: 50ms }, throttle: { rows-per-second: 200, " + throttle + " } }"))
                .id();
    }

    /** The limit as it was seen: a rate and a signal may take turns. */
    static RunStatus.Limit awaitReason(TestEngine engine, UUID id, String reason) {
        return await().atMost(PATIENCE)
                .until(
                        () -> engine.runs()
                                .find(id)
                                .map(RunStatus::limitedBy)
                                .filter(l -> l.reason().equals(reason)),
                        Optional::isPresent)
                .orElseThrow();
    }

    /** The run is back at the limit of its rows, and without that it ends well. */
    private static void awaitGoodEnd(TestEngine engine, UUID id, CompletableFuture<RunStatus> end) throws Exception {
        awaitReason(engine, id, "rows-per-second");
        engine.runs()
                .tune(id, new SettingsChange(Optional.empty(), Optional.of(5000), Optional.of(0)), TestEngine.TESTER);
        assertThat(end.get().state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT count(*) FROM t WHERE b IS DISTINCT FROM a"))
                .isEqualTo("0");
    }

    @Test
    void aReplicaThatIsPausedHoldsTheRunAndLetsItGoOn() throws Exception {
        Primary primary = primary(Map.of());
        TestEngine engine = part(primary, 20_000);
        Replica replica = primary.replica("copy");
        UUID id = queue(engine, "replica-lag: 2s");
        var end = engine.carryAside(id);
        awaitReason(engine, id, "rows-per-second");
        replica.pauseReplay();
        RunStatus.Limit limit = awaitReason(engine, id, "replica-lag");
        assertThat(limit.message()).contains("replica-lag of copy", ">= 2s");
        assertThat(limit.value()).isGreaterThanOrEqualTo(2);
        assertThat(limit.limit()).isEqualTo(2);
        assertThat(limit.ageSeconds()).isBetween(0.0, 5.0);
        replica.resumeReplay();
        awaitGoodEnd(engine, id, end);
    }

    @Test
    void sessionsThatWaitBehindABatchSlowIt() throws Exception {
        Primary primary = primary(Map.of());
        TestEngine engine = part(primary, 3000);
        // each batch holds its rows for long, as one with a dear trigger does
        dear(engine, 0.02);
        UUID id = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 100, target: 2s }, throttle: { lock-waits: 2 } }"))
                .id();
        var over = new AtomicBoolean();
        for (int i = 0; i < 6; i++) {
            application.execute(() -> touchRows(engine.db(), over));
        }
        var end = engine.carryAside(id);
        RunStatus.Limit limit = awaitReason(engine, id, "lock-waits");
        assertThat(limit.message()).contains("lock-waits", "sessions >= 2");
        over.set(true);
        engine.db().run("DROP TRIGGER dear ON t");
        assertThat(end.get().state()).isEqualTo("succeeded");
    }

    /** Each row takes so many seconds, in which nothing is computed. */
    static void dear(TestEngine engine, double seconds) {
        engine.db()
                .run(
                        "CREATE FUNCTION dear() RETURNS trigger LANGUAGE plpgsql AS" + " $$ BEGIN PERFORM pg_sleep("
                                + seconds + "); RETURN NEW; END $$",
                        "CREATE TRIGGER dear BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION dear()");
    }

    /** An application that changes the rows just ahead of the backfill, one after another. */
    private static void touchRows(TestPostgres.Fresh db, AtomicBoolean over) {
        try (Connection c = db.connect();
                Statement s = c.createStatement()) {
            while (!over.get()) {
                s.execute(
                        "UPDATE t SET a = a WHERE id = (SELECT min(id) + (random() * 50)::int FROM t WHERE b IS NULL)");
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aTransactionLeftOpenHoldsTheRun() throws Exception {
        Primary primary = primary(Map.of());
        TestEngine engine = part(primary, 20_000);
        UUID id = queue(engine, "oldest-transaction: 3s");
        var end = engine.carryAside(id);
        awaitReason(engine, id, "rows-per-second");
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            app.setAutoCommit(false);
            s.execute("SET application_name = 'report'");
            s.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            s.execute("SELECT count(*) FROM t");
            RunStatus.Limit limit = awaitReason(engine, id, "oldest-transaction");
            assertThat(limit.message()).contains("report", ">= 3s");
        }
        awaitGoodEnd(engine, id, end);
    }

    @Test
    void aSlotLeftBehindHoldsTheRun() throws Exception {
        Primary primary = primary(Map.of("max_slot_wal_keep_size", "64MB", "wal_level", "logical"));
        TestEngine engine = part(primary, 20_000);
        UUID id = queue(engine, "replication-slots: { limit: 1GB }");
        var end = engine.carryAside(id);
        awaitReason(engine, id, "rows-per-second");
        engine.db().run("SELECT pg_create_physical_replication_slot('gone', true)");
        for (int i = 0; i < 3; i++) {
            engine.db()
                    .run(
                            "SELECT pg_switch_wal()",
                            "SELECT pg_logical_emit_message(true, 'fill', repeat('x', 1000000))");
        }
        RunStatus.Limit limit = awaitReason(engine, id, "replication-slots");
        assertThat(limit.message()).contains("replication-slots of gone");
        engine.db().run("SELECT pg_drop_replication_slot('gone')");
        awaitGoodEnd(engine, id, end);
    }

    @Test
    void anArchiveThatFailsHoldsTheRunAndOneThatWorksAgainLetsItGoOn() throws Exception {
        Primary primary = primary(Map.of("archive_mode", "on", "archive_command", "true"));
        TestEngine engine = part(primary, 20_000);
        engine.db().run("SELECT pg_switch_wal()");
        UUID id = queue(engine, "wal-archive: 40MB");
        var end = engine.carryAside(id);
        awaitReason(engine, id, "rows-per-second");
        engine.db().run("ALTER SYSTEM SET archive_command = 'false'", "SELECT pg_reload_conf()");
        for (int i = 0; i < 6; i++) {
            engine.db().run("SELECT pg_switch_wal()", "SELECT pg_logical_emit_message(true, 'fill', 'x')");
        }
        RunStatus.Limit limit = awaitReason(engine, id, "wal-archive");
        assertThat(limit.message()).contains("wal-archive", ">= 40MB");
        engine.db().run("ALTER SYSTEM SET archive_command = 'true'", "SELECT pg_reload_conf()");
        awaitGoodEnd(engine, id, end);
    }

    /** A job file that says nothing leaves the cores to the application, and takes them where nobody is there. */
    @Test
    void besideAnApplicationTheDefaultsKeepToTheirShareOfTheCores() throws Exception {
        Primary primary = primary(Map.of());
        TestEngine engine = part(primary, 400_000);
        dear(engine, 0.001);
        UUID id = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 20, target: 20ms } }"))
                .id();
        var end = engine.carryAside(id);
        await().atMost(PATIENCE).until(() -> pace(engine, id) == 1.0);
        int cores = Runtime.getRuntime().availableProcessors();
        try (Burden burden = Burden.of(engine.db(), cores)) {
            RunStatus.Limit limit = awaitReason(engine, id, "cores");
            assertThat(limit.message()).contains("% pace: batches may keep ", " cores busy beside ");
            await().atMost(PATIENCE).until(() -> pace(engine, id) <= defaultPace(cores) + 1e-9);
            tune(engine, id, 0.4 / cores);
            await().atMost(PATIENCE).until(() -> Math.abs(pace(engine, id) - 0.4) < 1e-9);
            tune(engine, id, 0);
            await().atMost(PATIENCE).until(() -> pace(engine, id) > 0.5);
            tune(engine, id, 0.005);
            await().atMost(PATIENCE).until(() -> pace(engine, id) <= 0.005 * cores + 1e-9);
        }
        await().atMost(PATIENCE).until(() -> pace(engine, id) == 1.0);
        engine.runs().cancel(id, TestEngine.TESTER);
        assertCancelled(engine, id, end);
    }

    private static void tune(TestEngine engine, UUID id, double cores) {
        var change = new SettingsChange(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(new SettingsChange.Cores(cores)));
        engine.runs().tune(id, change, TestEngine.TESTER);
    }

    /** What was a short batch at full speed is a long one for who has come since. */
    @Test
    void theFirstBatchAfterALongRestIsAsLargeAsItMayBeThen() throws Exception {
        Primary primary = primary(Map.of());
        TestEngine engine = part(primary, 400_000);
        dear(engine, 0.001);
        engine.db()
                .run(
                        "CREATE TABLE noted (began timestamptz, ended timestamptz, n int)",
                        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " INSERT INTO noted SELECT statement_timestamp(), clock_timestamp(), count(*) FROM changed;"
                                + " RETURN NULL; END $$",
                        "CREATE TRIGGER noted AFTER UPDATE ON t REFERENCING NEW TABLE AS changed"
                                + " FOR EACH STATEMENT EXECUTE FUNCTION note()");
        UUID id = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 20, target: 200ms } }"))
                .id();
        var end = engine.carryAside(id);
        await().atMost(PATIENCE).until(() -> nextBatch(engine, id) >= 60);
        String rested = "SELECT coalesce((array_agg(n ORDER BY ended))[1], 0) FROM (SELECT n, ended,"
                + " lag(n) OVER w AS before, began - lag(ended) OVER w AS rest FROM noted"
                + " WINDOW w AS (ORDER BY ended)) AS b WHERE before >= 50 AND rest > '500 ms'";
        try (Burden burden = Burden.of(engine.db(), Runtime.getRuntime().availableProcessors())) {
            await().atMost(PATIENCE).until(() -> !engine.db().value(rested).equals("0"));
            assertThat(Integer.parseInt(engine.db().value(rested))).isLessThan(40);
        }
        engine.runs().cancel(id, TestEngine.TESTER);
        assertCancelled(engine, id, end);
    }

    private static int nextBatch(TestEngine engine, UUID id) {
        Integer size = engine.runs().find(id).orElseThrow().progress().batchSize();
        return size == null ? 0 : size;
    }

    /** Of one lane beside others: 2 percent of the cores, or 5 percent of one where that is more. */
    static double defaultPace(int cores) {
        return Math.max(0.02 * cores, 0.05);
    }

    /** A lane leaves as soon as its database knows of the cancel, a moment before the run's row says it. */
    static void assertCancelled(TestEngine engine, UUID id, Future<RunStatus> lane) throws Exception {
        lane.get();
        assertThat(engine.runs().find(id).orElseThrow().state()).isEqualTo("cancelled");
    }

    private static double pace(TestEngine engine, UUID id) {
        return pace(engine.runs().find(id).orElseThrow());
    }

    static double pace(RunStatus run) {
        Double pace = run.time().pace();
        return pace == null ? Double.NaN : pace;
    }
}
