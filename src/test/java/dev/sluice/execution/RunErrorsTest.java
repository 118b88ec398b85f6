package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.run.StoredRuns;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** What becomes of a run when the database refuses, each kind of error made to happen. */
@Timeout(60)
class RunErrorsTest {
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
        table = "e" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, v int, w int)",
                        "INSERT INTO " + table + " (id, v) SELECT g, g FROM generate_series(1, 1000) g");
    }

    private UUID queue(String set, String more) {
        return engine.queue(TestEngine.job(
                        "job: " + table + "\nmigrate: { table: " + table + ", set: { " + set + " }" + more + " }"))
                .id();
    }

    private UUID plus(String more) {
        return queue("n: n + 1", more);
    }

    private long count(String condition) {
        return Long.parseLong(engine.db().value("SELECT count(*) FROM " + table + " WHERE " + condition));
    }

    private void assertMetered(String retryKind, String holdReason) {
        assertThat(engine.scrape().lines().filter(l -> l.contains("job=\"" + table + "\"")))
                .anyMatch(l -> l.startsWith("sluice_retries_total{")
                        && l.contains("kind=\"" + retryKind + "\"")
                        && !l.endsWith(" 0.0"))
                .anyMatch(l -> l.startsWith("sluice_hold_seconds_total{")
                        && l.contains("reason=\"" + holdReason + "\"")
                        && !l.endsWith(" 0.0"));
    }

    @Test
    void aSessionThatIsEndedInMidRunIsReplacedAndNoRowIsChangedTwice() throws Exception {
        UUID id = plus(", throttle: { rows-per-second: 100 }");
        // the batch of key 500 ends its own session, once
        engine.db()
                .run(
                        "CREATE TABLE once_" + table + " (t int)",
                        "CREATE SEQUENCE seq_" + table,
                        "CREATE FUNCTION end_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id = 500 AND nextval('seq_" + table + "') <= 2 THEN"
                                + " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER ends BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION end_" + table
                                + "()");
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT last_value FROM seq_" + table)).isEqualTo("3");
        assertThat(count("n = 1")).isEqualTo(1000);
        assertMetered("away", "database-away");
    }

    @Test
    void aRowThatIsLockedForLongMakesBatchesSmallerAndTheRunFinishes() throws Exception {
        UUID id = plus(", batch: { size: 64 }");
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            app.setAutoCommit(false);
            s.execute("UPDATE " + table + " SET v = -1 WHERE id = 600");
            List<String> seen = new ArrayList<>();
            Set<@Nullable Integer> sizes = new LinkedHashSet<>();
            AtomicBoolean committed = new AtomicBoolean();
            TIME.atWaits(
                    nth -> { // one hold may be several waits
                        engine.awaitBeat(id);
                        RunStatus now = engine.runs().find(id).orElseThrow();
                        seen.add(known(now.limitedBy()).reason() + ": "
                                + known(now.limitedBy()).message());
                        sizes.add(now.progress().batchSize());
                        if (sizes.contains(16) && !committed.getAndSet(true)) {
                            commit(app);
                        }
                    });
            RunStatus run = engine.execute(id);
            assertThat(run.state()).isEqualTo("succeeded");
            assertThat(seen.getFirst()).startsWith("retry-timeout: 55P03").contains("try 2 in");
            assertThat(sizes).startsWith(64, 32, 16);
            assertThat(count("n = 1")).isEqualTo(1000);
            assertMetered("timeout", "retry-timeout");
        }
    }

    private static void commit(Connection app) {
        try {
            app.commit();
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aDatabaseThatTakesNoWritesHoldsTheRunUntilItDoes() throws Exception {
        UUID id = plus(", throttle: { rows-per-second: 100 }");
        String database = engine.db().value("SELECT current_database()");
        List<String> seen = new ArrayList<>();
        TIME.atWaits(nth -> {
            seen.add(reason(engine.runs(), id));
            if (nth == 4) {
                engine.db().run("ALTER DATABASE " + database + " SET default_transaction_read_only = on");
                endSessions();
            } else if (nth == 9) {
                // signs of life could not be written since: another worker knows the last one, and asks for itself
                engine.db()
                        .run(
                                "SET default_transaction_read_only = off",
                                "UPDATE sluice.lane SET heartbeat_at = heartbeat_at - interval '10 s'");
                seen.add("elsewhere " + reason(engine.elsewhere(), id));
                engine.db()
                        .run(
                                "SET default_transaction_read_only = off",
                                "ALTER DATABASE " + database + " RESET default_transaction_read_only");
                endSessions();
            }
        });
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
        assertMetered("read_only", "database-read-only");
        assertThat(seen.getFirst()).isEqualTo("rows-per-second");
        assertThat(seen).contains("database-read-only", "elsewhere database-read-only");
        assertThat(seen.subList(6, 9)).containsOnly("database-read-only");
    }

    /** The pool may lend a session that was ended, and then another one. */
    private static String reason(StoredRuns runs, UUID id) {
        for (int tries = 1; ; tries++) {
            try {
                RunStatus.Limit limit = runs.find(id).orElseThrow().limitedBy();
                return limit == null ? "none" : limit.reason();
            } catch (Problem ended) {
                assertThat(tries).as(ended.getMessage()).isLessThan(30);
            }
        }
    }

    private static void endSessions() {
        engine.db()
                .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sluice'"
                        + " AND datname = current_database()");
    }

    @Test
    void aColumnThatIsDroppedInMidRunFailsItAtOnceWithTheStatementThePositionAndTheFix() throws Exception {
        UUID id = queue("w: v * 2", ", where: w IS NULL, throttle: { rows-per-second: 100 }");
        TIME.atWait(4, nth -> engine.db().run("ALTER TABLE " + table + " RENAME v TO v_old"));
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("failed");
        RunStatus.Failure failure = known(run.failure());
        assertThat(failure.code()).isEqualTo("definition-error");
        assertThat(failure.sqlState()).isEqualTo("42703");
        assertThat(known(failure.statement()).substring(known(failure.position()) - 1))
                .startsWith("v * 2");
        assertThat(failure.message())
                .contains("column \"v\" does not exist", "near \"v * 2", "resumes where it stopped");
        long done = count("w IS NOT NULL");
        assertThat(done).isBetween(1L, 999L);
        engine.db().run("ALTER TABLE " + table + " RENAME v_old TO v");
        assertThat(engine.execute(queue("w: v * 2", ", where: w IS NULL")).id()).isEqualTo(id);
        RunStatus end = engine.runs().find(id).orElseThrow();
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(end.failure()).isNull();
        assertThat(end.progress().changed()).isEqualTo(1000);
    }

    @Test
    void aRowThatBreaksAConstraintFailsTheRunWithItsKeys() throws Exception {
        engine.db().run("ALTER TABLE " + table + " ADD CHECK (id <> 444 OR n = 0)");
        assertDataError("23514", 444, "ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_check");
    }

    @Test
    void aRowThatOverflowsFailsTheRunWithItsKeys() throws Exception {
        engine.db().run("UPDATE " + table + " SET n = 2147483647 WHERE id = 777");
        assertDataError("22003", 777, "UPDATE " + table + " SET n = 0 WHERE id = 777");
    }

    @Test
    void aTriggerThatRefusesARowFailsTheRunWithItsKeys() throws Exception {
        engine.db()
                .run(
                        "CREATE FUNCTION no_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id = 5 THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER no BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION no_" + table
                                + "()");
        assertDataError("P0001", 5, "DROP TRIGGER no ON " + table);
    }

    @Test
    void valuesOfRowsAreForOperatorsAndNotForTheLog() throws Exception {
        engine.db()
                .run(
                        "ALTER TABLE " + table + " ADD s text",
                        "UPDATE " + table + " SET s = CASE id WHEN 700 THEN 'Anna Secret' ELSE '1' END");
        var log = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        try {
            RunStatus run = engine.execute(queue("w: s::int", ", where: w IS NULL"));
            assertThat(run.state()).isEqualTo("failed");
            RunStatus.Failure failure = known(run.failure());
            assertThat(failure.message())
                    .contains("One row cannot be changed: 22P02 invalid_text_representation")
                    .doesNotContain("Anna", "700");
            assertThat(failure.row()).isEqualTo(Map.of("id", "700"));
            assertThat(failure.serverMessage()).isEqualTo("invalid input syntax for type integer: \"Anna Secret\"");
            RunStatus.Failure viewers = known(run.withoutRowValues().failure());
            assertThat(viewers.serverMessage()).isNull();
            assertThat(viewers.row()).isNull();
            assertThat(viewers.keyRange()).isNull();
            assertThat(lines.list)
                    .isNotEmpty()
                    .noneMatch(l -> l.getFormattedMessage().contains("Anna"));
        } finally {
            log.detachAppender(lines);
        }
    }

    private void assertDataError(String state, int key, String restore) throws Exception {
        UUID id = plus(", batch: { size: 100 }");
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("failed");
        RunStatus.Failure failure = known(run.failure());
        assertThat(failure.code()).isEqualTo("data-error");
        assertThat(failure.sqlState()).isEqualTo(state);
        assertThat(failure.row()).isEqualTo(Map.of("id", "" + key));
        assertThat(failure.keyRange()).isEqualTo("after (" + (key - 1) + ") up to (" + key + ")");
        assertThat(failure.message()).contains("Fix the row", "resumes where it stopped");
        assertThat(count("n = 1")).as("everything before it is done").isEqualTo(key - 1);
        engine.db().run(restore);
        assertThat(engine.execute(plus(", batch: { size: 100 }")).state()).isEqualTo("succeeded");
        assertThat(engine.runs().find(id).orElseThrow().state())
                .as("the same run")
                .isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void anErrorNobodyKnowsIsTriedAFewTimesAndThenFailsTheRun() throws Exception {
        engine.db()
                .run(
                        "CREATE SEQUENCE seq_" + table,
                        "CREATE FUNCTION odd_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id = 500 AND nextval('seq_" + table + "') < 1000 THEN"
                                + " RAISE EXCEPTION 'odd' USING ERRCODE = 'ZX001'; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER odd BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION odd_" + table
                                + "()");
        RunStatus run = engine.execute(plus(""));
        assertThat(run.state()).isEqualTo("failed");
        assertThat(known(run.failure()).code()).isEqualTo("database-error");
        assertThat(known(run.failure()).sqlState()).isEqualTo("ZX001");
        assertThat(known(run.failure()).message()).contains("failed 5 times in a row", "resumes where it stopped");
        assertThat(known(run.failure()).row()).isEqualTo(Map.of("id", "500"));
        assertMetered("other", "retry");
        engine.db().run("DROP TRIGGER odd ON " + table);
        assertThat(engine.execute(plus("")).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void anUnknownErrorThatPassesIsForgotten() throws Exception {
        engine.db()
                .run(
                        "CREATE SEQUENCE seq_" + table,
                        "CREATE FUNCTION odd_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id % 100 = 0 AND nextval('seq_" + table + "') % 4 <> 0 THEN"
                                + " RAISE EXCEPTION 'odd' USING ERRCODE = 'ZX001'; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER odd BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION odd_" + table
                                + "()");
        RunStatus run = engine.execute(plus(", batch: { size: 100 }"));
        assertThat(run.state()).as("30 errors, never 5 in a row").isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }

    @Test
    void aDeadlockOrASerializationFailureIsTriedAgain() throws Exception {
        engine.db()
                .run(
                        "CREATE SEQUENCE seq_" + table,
                        "CREATE FUNCTION dead_" + table + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                                + " IF NEW.id = 500 AND nextval('seq_" + table + "') <= 8 THEN"
                                + " RAISE EXCEPTION 'victim' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$",
                        "CREATE TRIGGER dead BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION dead_" + table
                                + "()");
        RunStatus run = engine.execute(plus(""));
        assertThat(run.state()).as("8 in a row, and no limit").isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
        assertMetered("transient", "retry-transient");
    }

    @Test
    void aTableThatIsGoneBeforeTheRunBeginsFailsItWithTheFix() throws Exception {
        UUID id = plus("");
        engine.db().run("ALTER TABLE " + table + " RENAME TO gone_" + table);
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("failed");
        assertThat(known(run.failure()).message()).contains(table);
        assertThat(run.startedAt()).isNull();
        engine.db().run("ALTER TABLE gone_" + table + " RENAME TO " + table);
        assertThat(engine.execute(plus("")).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }
}
