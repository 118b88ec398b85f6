package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs of a role that may not ANALYZE: they wait for statistics, whoever makes them, and go on by themselves. */
@Timeout(60)
class UnanalyzedRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private TestEngine limited;
    private String role = "";
    private String t = "";
    private final List<RunStatus.Limit> held = new ArrayList<>();

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void role() {
        TIME.free();
        t = "u" + COUNT.incrementAndGet();
        role = "role_" + t + "_" + ProcessHandle.current().pid();
        engine.db()
                .run(
                        "CREATE ROLE " + role + " LOGIN PASSWORD 'x'",
                        "GRANT USAGE ON SCHEMA public, sluice TO " + role,
                        "GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + role);
        limited = TestEngine.as(new TestPostgres.Fresh(engine.db().url(), role, "x"), TIME);
    }

    @AfterEach
    void close() {
        limited.close();
        engine.db().run("DROP OWNED BY " + role + " CASCADE", "DROP ROLE " + role);
    }

    private void run(String... statements) {
        for (String sql : statements) {
            engine.db().run(sql.replaceAll("\\bT(?=\\b|_)", t).replaceAll("\\bROLE_\\b", role));
        }
    }

    private void plain() {
        run(
                "CREATE TABLE T (id bigint PRIMARY KEY, a int, b int) WITH (autovacuum_enabled = off)",
                "INSERT INTO T SELECT g, g FROM generate_series(1, 500) g",
                "ANALYZE T",
                "GRANT SELECT, UPDATE ON T TO ROLE_");
    }

    private UUID queue() {
        return engine.queue(TestEngine.job(
                        "job: " + t + "\nmigrate: { table: " + t + ", set: { b: a * 2 }, where: b IS NULL }"))
                .id();
    }

    /** Does this at the first wait for statistics, and notes what the status says then. */
    private RunStatus execute(UUID id, Runnable atFirst) throws InterruptedException {
        TIME.atWaits(nth -> {
            if (!held.isEmpty()) {
                return;
            }
            limited.awaitBeat(id);
            RunStatus now = engine.runs().find(id).orElseThrow();
            RunStatus.Limit limit = now.limitedBy();
            if (limit != null && limit.reason().equals("not-analyzed")) {
                held.add(limit);
                assertThat(now.state()).isEqualTo("verifying");
                atFirst.run();
            }
        });
        return limited.execute(id);
    }

    private void assertSucceeded(RunStatus run) {
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
    }

    private Instant analyzedAt() {
        return known(engine.runs().newest(t).orElseThrow().evidence()).analyzedAt();
    }

    @Test
    void theRunWaitsForSomebodysAnalyzeAndGoesOnByItself() throws Exception {
        plain();
        RunStatus run = execute(queue(), () -> run("ANALYZE T"));
        assertSucceeded(run);
        assertThat(held).isNotEmpty();
        assertThat(held.get(0).message())
                .contains(t + " (20", "ANALYZE \"public\".\"" + t + "\";", "may not do it", "goes on by itself");
        assertThat(held.get(0).value()).isEqualTo(1.0);
        Instant last = Instant.parse(engine.db()
                .value("SELECT to_char(last_analyze AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
                        + " FROM pg_stat_all_tables WHERE relname = '" + t + "'"));
        assertThat(analyzedAt()).isEqualTo(last);
    }

    @Test
    void thePrivilegeIsEnoughTooWhenItComesLate() throws Exception {
        plain();
        RunStatus run = execute(
                queue(),
                () -> run(
                        engine.db().version() < 17 ? "ALTER TABLE T OWNER TO ROLE_" : "GRANT MAINTAIN ON T TO ROLE_"));
        assertSucceeded(run);
        assertThat(held).isNotEmpty();
    }

    @Test
    void aRunThatWaitsCanBePausedAndCancelled() throws Exception {
        plain();
        UUID id = queue();
        assertThat(execute(id, () -> engine.runs().pause(id, TestEngine.TESTER)).state())
                .isEqualTo("paused");
        held.clear();
        engine.runs().resume(id, TestEngine.TESTER);
        assertThat(execute(id, () -> engine.runs().cancel(id, TestEngine.TESTER))
                        .state())
                .isEqualTo("cancelled");
    }

    @Test
    void whereNothingWasChangedTheStatisticsOfBeforeWillDo() throws Exception {
        plain();
        run("UPDATE T SET b = a * 2", "ANALYZE T");
        RunStatus run = execute(queue(), () -> {});
        assertSucceeded(run);
        assertThat(held).isEmpty();
    }

    @Test
    void statisticsThatWereResetAreAskedForAgain() throws Exception {
        plain();
        run("UPDATE T SET b = a * 2", "ANALYZE T", "SELECT pg_stat_reset()");
        if (engine.db().version() < 15) {
            run("SELECT pg_sleep(0.6)"); // the reset is a message to the collector
        }
        RunStatus run = execute(queue(), () -> run("ANALYZE T"));
        assertSucceeded(run);
        assertThat(held.get(0).message()).contains(t + " (never, as far as the server knows)");
    }

    @Test
    void whereTheServerDoesNotNoteItTheWaitSaysWhatToSetFirst() throws Exception {
        plain();
        run("ALTER ROLE ROLE_ SET track_counts = off");
        limited.close();
        limited = TestEngine.as(new TestPostgres.Fresh(engine.db().url(), role, "x"), TIME);
        RunStatus run = execute(queue(), () -> run("ANALYZE T"));
        assertSucceeded(run);
        assertThat(held.get(0).message()).contains("SET track_counts = on;");
    }

    @Test
    void aPartitionedTableNeedsThemInTheLeavesThatWereChanged() throws Exception {
        run(
                "CREATE TABLE T (k int, id bigint, a int, b int, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                "CREATE TABLE T_1 PARTITION OF T FOR VALUES IN (1) WITH (autovacuum_enabled = off)",
                "CREATE TABLE T_2 PARTITION OF T FOR VALUES IN (2) WITH (autovacuum_enabled = off)",
                "CREATE TABLE T_3 PARTITION OF T FOR VALUES IN (3) WITH (autovacuum_enabled = off)",
                "CREATE TABLE T_4 PARTITION OF T FOR VALUES IN (4) WITH (autovacuum_enabled = off)",
                "INSERT INTO T SELECT 1 + g % 3, g, g, CASE g % 3 WHEN 2 THEN g * 2 END FROM generate_series(1, 600) g",
                "ANALYZE T_3",
                "GRANT SELECT, UPDATE ON T, T_1, T_2, T_3, T_4 TO ROLE_");
        RunStatus run = execute(queue(), () -> run("ANALYZE T_1", "ANALYZE T_2"));
        assertSucceeded(run);
        assertThat(held.get(0).value())
                .as("not the empty one, nor the one it left alone")
                .isEqualTo(2.0);
    }

    @Test
    void whatTheRoleMayAnalyzeItDoes() throws Exception {
        plain();
        run("ALTER TABLE T OWNER TO ROLE_");
        Instant before = engine.databases().get("main").clock();
        assertSucceeded(execute(queue(), () -> {}));
        assertThat(held).isEmpty();
        assertThat(analyzedAt())
                .isBetween(before, engine.databases().get("main").clock());
    }
}
