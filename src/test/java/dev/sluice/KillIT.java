package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.StoppableServer;
import dev.sluice.time.Time;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The first promise, with real processes: three jobs that add one to every row, a worker that is killed with -9 again
 * and again, a server that is stopped at once and started. In the end every row was changed exactly once.
 *
 * <p>A trigger makes each changed row take a millisecond, so that the kills fall into batches in flight. The moments
 * come from a seed that is printed; {@code -Dsluice.kill.seed} takes it again.
 */
class KillIT {
    private static final int ROWS = 60_000;
    private static final int KILLS = 20;
    /**
     * After so many kills the server is stopped; the worker stays. The last one finds worker and server down together.
     */
    private static final List<Integer> STOPS = List.of(4, 9, 15);

    private static final List<String> TABLES = List.of("by_bigint", "by_uuid", "by_both");

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Time time = Time.system();
    private final Tally tally = new Tally();

    @TempDir
    private Path folder;

    /** What is printed. */
    private static final class Tally {
        int kills;
        int inRun;
        int inBatch;
        int beforeWork;
        int stops;
        Duration slowestAfterKill = Duration.ZERO;
        Duration slowestAfterStop = Duration.ZERO;
    }

    /**
     * How far one run is.
     *
     * @param state of the run
     * @param worker that has its partition
     * @param batches committed
     */
    private record RunStanding(String state, String worker, long batches) {
        boolean isRunning() {
            return state.equals("running");
        }
    }

    @Test
    void everyRowIsChangedExactlyOnceWhateverDies() throws Exception {
        long seed = Long.getLong("sluice.kill.seed", new Random().nextLong());
        System.out.println("KillIT: -Dsluice.kill.seed=" + seed);
        Random random = new Random(seed);
        Path log = folder.resolve("worker.log");
        Path jobs = Files.createDirectories(folder.resolve("jobs"));
        long begun = time.nanos();
        try (StoppableServer server = StoppableServer.start(folder.resolve("data"))) {
            assertThat(server.database().value("SHOW fsync")).isEqualTo("on");
            assertThat(server.database().value("SHOW synchronous_commit")).isEqualTo("on");
            makeTables(server);
            for (String table : TABLES) {
                Files.writeString(
                        jobs.resolve(table + ".yaml"),
                        // its own questions count as an application at work, and the runs would hardly move
                        "job: " + table.replace('_', '-') + "\nmigrate: { table: " + table
                                + ", set: { n: \"n + 1\" }, batch: { target: 20ms, size: 200 }, throttle: { cores: off } }\n");
            }
            WorkerProcess worker = WorkerProcess.start(server.database(), jobs, log);
            try {
                await().atMost(PATIENCE).until(worker::isReady);
                for (String table : TABLES) {
                    worker.post("/api/v1/jobs/" + table.replace('_', '-') + "/runs");
                }
                awaitWork(server, Map.of());
                while (tally.inRun < KILLS) {
                    time.pause(Duration.ofMillis(random.nextInt(1000)));
                    if (tally.stops < STOPS.size() && tally.inRun >= STOPS.get(tally.stops)) {
                        boolean both = tally.stops == STOPS.size() - 1;
                        stop(server, worker, random, both);
                        if (both) {
                            worker = WorkerProcess.start(server.database(), jobs, log);
                            awaitWork(server, Map.of());
                        }
                        continue;
                    }
                    worker = killAndStart(server, worker, jobs, log, random);
                }
                for (String table : TABLES) {
                    server.database().run("ALTER TABLE " + table + " DISABLE TRIGGER USER");
                }
                await().atMost(PATIENCE)
                        .until(() -> standings(server).values().stream().noneMatch(s -> isLive(s.state())));
                report(server, Duration.ofNanos(time.nanos() - begun));
                check(server, worker);
            } catch (Throwable e) {
                System.out.println(worker.lastWords());
                throw e;
            } finally {
                worker.close();
            }
        }
    }

    private WorkerProcess killAndStart(StoppableServer server, WorkerProcess worker, Path jobs, Path log, Random random)
            throws Exception {
        Map<String, RunStanding> before = standings(server);
        assertThat(before.values()).as("the table must outlast the kills").anyMatch(RunStanding::isRunning);
        int inFlight = batchesInFlight(server);
        worker.kill();
        long killed = time.nanos();
        tally.kills++;
        tally.inRun++;
        tally.inBatch += inFlight > 0 ? 1 : 0;
        WorkerProcess next = WorkerProcess.start(server.database(), jobs, log);
        if (random.nextInt(4) == 0) {
            // one that dies somewhere between its start and its first batches
            time.pause(Duration.ofMillis(random.nextInt(4000)));
            next.kill();
            tally.kills++;
            tally.beforeWork++;
            killed = time.nanos();
            before = standings(server);
            next = WorkerProcess.start(server.database(), jobs, log);
        }
        awaitWork(server, before);
        tally.slowestAfterKill = longer(tally.slowestAfterKill, Duration.ofNanos(time.nanos() - killed));
        return next;
    }

    private void stop(StoppableServer server, WorkerProcess worker, Random random, boolean both) throws Exception {
        long pid = worker.pid();
        server.stopImmediately();
        tally.stops++;
        time.pause(Duration.ofMillis(random.nextInt(1500)));
        if (both) {
            worker.kill();
            tally.kills++;
        }
        server.startAgain();
        if (both) {
            return;
        }
        long started = time.nanos();
        Map<String, RunStanding> before = standings(server);
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> {
            assertThat(worker.isAlive()).as("the worker outlives its server").isTrue();
            return standings(server).entrySet().stream()
                    .filter(e -> isLive(e.getValue().state()))
                    .allMatch(e -> isBeyond(e.getValue(), before.get(e.getKey())));
        });
        assertThat(worker.pid()).isEqualTo(pid);
        tally.slowestAfterStop = longer(tally.slowestAfterStop, Duration.ofNanos(time.nanos() - started));
    }

    /**
     * Until every live run has another worker than before, and batches of it; one may have been in flight at the kill.
     */
    private static void awaitWork(StoppableServer server, Map<String, RunStanding> before) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(() -> {
            Map<String, RunStanding> now = standings(server);
            return now.size() == TABLES.size()
                    && now.entrySet().stream()
                            .filter(e -> isLive(e.getValue().state()))
                            .allMatch(e -> isAtWork(e.getValue(), before.get(e.getKey())));
        });
    }

    private static boolean isBeyond(RunStanding now, @Nullable RunStanding before) {
        return before != null && now.batches() > before.batches();
    }

    private static boolean isAtWork(RunStanding now, @Nullable RunStanding before) {
        return before == null
                ? now.batches() > 0
                : !now.worker().equals(before.worker()) && now.batches() > before.batches() + 1;
    }

    private static void makeTables(StoppableServer server) {
        server.database()
                .run(
                        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                                + " $$ BEGIN PERFORM pg_sleep(0.001); RETURN NEW; END $$",
                        "CREATE TABLE by_bigint (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO by_bigint SELECT (g - 30000) * 7 FROM generate_series(1, " + ROWS + ") g",
                        "CREATE TABLE by_uuid (id uuid PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO by_uuid SELECT gen_random_uuid() FROM generate_series(1, " + ROWS + ")",
                        "CREATE TABLE by_both (a bigint, b text, n int NOT NULL DEFAULT 0, PRIMARY KEY (a, b))",
                        "INSERT INTO by_both SELECT g % 97, 'k' || g FROM generate_series(1, " + ROWS + ") g");
        for (String table : TABLES) {
            server.database()
                    .run(
                            "CREATE TRIGGER slow BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION slow()",
                            "ANALYZE " + table);
        }
    }

    private static boolean isLive(String state) {
        return !List.of("succeeded", "failed", "incomplete", "cancelled").contains(state);
    }

    private static Map<String, RunStanding> standings(StoppableServer server) throws SQLException {
        Map<String, RunStanding> found = new LinkedHashMap<>();
        try (Connection c = DriverManager.getConnection(server.database().url(), "postgres", "postgres");
                Statement s = c.createStatement();
                ResultSet rows = s.executeQuery("SELECT r.job, r.state, coalesce(c.owner, ''), coalesce(c.batches, 0)"
                        + " FROM sluice.run r LEFT JOIN sluice.checkpoint c ON c.run_id = r.id AND c.pass = 0")) {
            while (rows.next()) {
                found.put(rows.getString(1), new RunStanding(rows.getString(2), rows.getString(3), rows.getLong(4)));
            }
        }
        return found;
    }

    private static int batchesInFlight(StoppableServer server) {
        return Integer.parseInt(
                server.database()
                        .value(
                                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'WITH sluice_claim%'"));
    }

    private void report(StoppableServer server, Duration took) {
        System.out.printf(
                "KillIT: %d kills -9 (%d while runs were running, %d of them with a batch in flight; %d of a worker that was"
                        + " starting), %d immediate server stops; %d rows lost, %d rows doubled; back at work after a kill"
                        + " within %.1f s, after a server stop within %.1f s; %d s in all%n",
                tally.kills,
                tally.inRun,
                tally.inBatch,
                tally.beforeWork,
                tally.stops,
                rows(server, "n < 1"),
                rows(server, "n > 1"),
                tally.slowestAfterKill.toMillis() / 1e3,
                tally.slowestAfterStop.toMillis() / 1e3,
                took.toSeconds());
    }

    private static long rows(StoppableServer server, String which) {
        return TABLES.stream()
                .mapToLong(
                        t -> Long.parseLong(server.database().value("SELECT count(*) FROM " + t + " WHERE " + which)))
                .sum();
    }

    private void check(StoppableServer server, WorkerProcess worker) throws Exception {
        assertThat(rows(server, "n = 1")).as("rows changed exactly once").isEqualTo(3L * ROWS);
        assertThat(rows(server, "true")).isEqualTo(3L * ROWS);
        assertThat(standings(server))
                .hasSize(3)
                .allSatisfy((job, s) -> assertThat(s.state()).as(job).isEqualTo("succeeded"));
        assertThat(server.database().value("SELECT string_agg(changed || '/' || scanned, ' ') FROM sluice.checkpoint"))
                .as("what the checkpoints counted")
                .isEqualTo("60000/60000 60000/60000 60000/60000");
        for (String table : TABLES) {
            var gate = worker.get("/api/v1/jobs/" + table.replace('_', '-') + "/gates/switch");
            assertThat(gate.path("open").asBoolean()).as(gate.toString()).isTrue();
        }
        assertThat(tally.inRun).isGreaterThanOrEqualTo(KILLS);
        assertThat(tally.inBatch).as("kills that met a batch in flight").isGreaterThan(KILLS / 4);
        assertThat(tally.stops).isGreaterThanOrEqualTo(2);
        assertThat(worker.stop()).isEqualTo(143);
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
