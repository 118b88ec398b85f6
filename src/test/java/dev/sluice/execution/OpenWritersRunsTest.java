package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Verification begins when the transactions that had written before it are over. */
@Timeout(60)
class OpenWritersRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** {@code id, a = id, b NULL} for 1 to 500. */
    @BeforeEach
    void rows() {
        TIME.free();
        t = "w" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, b int)",
                        "INSERT INTO " + t + " (id, a) SELECT g, g FROM generate_series(1, 500) g");
    }

    private UUID queue() {
        return engine.queue(TestEngine.job(
                        "job: " + t + "\nmigrate: { table: " + t + ", set: { b: a * 2 }, where: b IS NULL }"))
                .id();
    }

    private long count(String condition) {
        return Long.parseLong(engine.db().value("SELECT count(*) FROM " + t + " WHERE " + condition));
    }

    @Test
    void transactionsThatHaveWrittenAreLetEndAndNamed() throws Exception {
        UUID id = queue();
        List<String> seen = new ArrayList<>();
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            s.execute("SET application_name = 'billing'");
            app.setAutoCommit(false);
            s.execute("INSERT INTO " + t + " (id, a) VALUES (10000, 1)");
            String pid = pid(app);
            TIME.atWaits(nth -> {
                if (nth > 5) {
                    return;
                }
                engine.awaitBeat(id);
                RunStatus now = engine.runs().find(id).orElseThrow();
                seen.add(now.state() + " " + known(now.limitedBy()).reason() + ": "
                        + known(now.limitedBy()).message());
                if (nth == 5) {
                    commit(app);
                }
            });
            RunStatus run = engine.execute(id);
            assertThat(seen)
                    .hasSize(5)
                    .allMatch(l -> l.startsWith("verifying open-writers: waiting for 1 open transaction(s)"));
            assertThat(seen.getFirst()).contains("pid " + pid, "billing", "idle in transaction", "public." + t);
            assertThat(run.state()).isEqualTo("succeeded");
            assertThat(run.sweeps())
                    .as("the row that was not committed then is found")
                    .isEqualTo(1);
            assertThat(count("b = a * 2")).isEqualTo(501);
            assertThat(engine.scrape().lines())
                    .anyMatch(l -> l.startsWith("sluice_hold_seconds_total{")
                            && l.contains("job=\"" + t + "\"")
                            && l.contains("reason=\"open-writers\""));
        }
    }

    private static String pid(Connection c) throws SQLException {
        try (Statement s = c.createStatement();
                var r = s.executeQuery("SELECT pg_backend_pid()")) {
            r.next();
            return r.getString(1);
        }
    }

    private static void commit(Connection app) {
        try {
            app.commit();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void transactionsThatBeganLaterAreNotWaitedFor() throws Exception {
        UUID id = queue();
        try (Connection first = engine.db().connect();
                Connection second = engine.db().connect();
                Statement one = first.createStatement();
                Statement two = second.createStatement()) {
            first.setAutoCommit(false);
            second.setAutoCommit(false);
            one.execute("INSERT INTO " + t + " (id, a, b) VALUES (10000, 1, 2)");
            TIME.atWait(2, nth -> {
                execute(two, "INSERT INTO " + t + " (id, a, b) VALUES (10001, 1, 2)");
                commit(first);
            });
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            second.rollback();
        }
    }

    private static void execute(Statement s, String sql) {
        try {
            s.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aPreparedTransactionIsLetEndAndNamed() throws Exception {
        UUID id = queue();
        List<String> seen = new ArrayList<>();
        engine.db()
                .run("BEGIN", "INSERT INTO " + t + " (id, a) VALUES (10000, 1)", "PREPARE TRANSACTION 'pay-" + t + "'");
        TIME.atWaits(nth -> {
            if (nth <= 3) {
                engine.awaitBeat(id);
                seen.add(known(engine.runs().find(id).orElseThrow().limitedBy()).message());
            }
            if (nth == 3) {
                engine.db().run("COMMIT PREPARED 'pay-" + t + "'");
            }
        });
        RunStatus run = engine.execute(id);
        assertThat(seen).hasSize(3).allMatch(m -> m.contains("prepared transaction 'pay-" + t + "' of postgres"));
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(count("b = a * 2")).isEqualTo(501);
    }

    @Test
    void aPauseIsHeardWhileTransactionsAreWaitedFor() throws Exception {
        UUID id = queue();
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            app.setAutoCommit(false);
            s.execute("INSERT INTO " + t + " (id, a) VALUES (10000, 1)");
            TIME.atWait(2, nth -> engine.runs().pause(id, TestEngine.TESTER));
            assertThat(engine.execute(id).state()).isEqualTo("paused");
            app.commit();
            assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("verifying");
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            assertThat(count("b = a * 2")).isEqualTo(501);
        }
    }
}
