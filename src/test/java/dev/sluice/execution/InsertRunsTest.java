package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.Evidence;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs that fill a new table: verified both ways, whatever happens to the source meanwhile. */
@Timeout(60)
class InsertRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private String s = "";
    private String o = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
        engine.db()
                .run(
                        "CREATE TABLE old_code (job text, sql text)",
                        "CREATE FUNCTION old_code() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE o record; BEGIN"
                                + " FOR o IN SELECT sql FROM old_code c JOIN sluice.run r ON r.job = c.job"
                                + " WHERE r.id = NEW.run_id AND NEW.kind = 'verify' AND NEW.pass = 1"
                                + " LOOP EXECUTE o.sql; END LOOP; RETURN NEW; END $$",
                        "CREATE TRIGGER old_code AFTER INSERT ON sluice.pass FOR EACH ROW EXECUTE FUNCTION old_code()");
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** Waits of a run while a transaction that has written to this table is open, until it ends at the third. */
    private List<String> waits(UUID id, String table) throws Exception {
        List<String> seen = new ArrayList<>();
        try (Connection app = engine.db().connect();
                Statement statement = app.createStatement()) {
            app.setAutoCommit(false);
            statement.execute("UPDATE " + table + " SET id = id WHERE false");
            statement.execute("LOCK TABLE " + table + " IN ROW EXCLUSIVE MODE");
            AtomicBoolean ended = new AtomicBoolean();
            TIME.atWaits(nth -> {
                engine.awaitBeat(id);
                RunStatus now = engine.runs().find(id).orElseThrow();
                var limit = now.limitedBy();
                if (limit != null && limit.reason().equals("open-writers")) {
                    seen.add(now.state() + " " + limit.reason() + ": " + limit.message());
                }
                if (nth >= 3 && !ended.getAndSet(true)) {
                    commit(app);
                }
            });
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        }
        TIME.free();
        return seen;
    }

    @Test
    void transactionsThatHaveWrittenToTheFilledTableAreLetEnd() throws Exception {
        UUID id = engine.queue(
                        TestEngine.job(
                                "job: " + s + "\nmigrate: { table: " + s + ", insert: { into: " + o
                                        + ", columns: { id: id, twice: v * 2 }, conflict: { columns: [id], do: update }, orphans: allow } }"))
                .id();
        assertThat(waits(id, o)).hasSize(3).allMatch(w -> w.startsWith("verifying open-writers: waiting for 1 open"));
        // and once more when its evidence is renewed, which the status tells
        for (String table : List.of(s, o)) {
            assertThat(waits(id, table))
                    .as(table)
                    .hasSize(3)
                    .allMatch(w -> w.startsWith("succeeded open-writers: waiting for 1 open"));
        }
    }

    @BeforeEach
    void tables() {
        TIME.free();
        s = "s" + COUNT.incrementAndGet();
        o = "o" + COUNT.get();
        engine.db()
                .run(
                        "CREATE TABLE " + s + " (id bigint PRIMARY KEY, v int)",
                        "INSERT INTO " + s + " SELECT g, g FROM generate_series(1, 500) g",
                        "CREATE TABLE " + o + " (id bigint PRIMARY KEY, twice numeric(10,1), extra text)");
    }

    private UUID queue(String conflict, String more) {
        return engine.queue(TestEngine.job("job: " + s + "\nmigrate: { table: " + s + ", insert: { into: " + o
                        + ", columns: { id: id, twice: v * 2.04 }, conflict: { columns: [id], do: " + conflict + " } }"
                        + more
                        + " }"))
                .id();
    }

    private long right() {
        return Long.parseLong(engine.db()
                .value("SELECT count(*) FROM " + s + " JOIN " + o + " USING (id) WHERE twice = round(v * 2.04, 1)"));
    }

    private long orphans() {
        return Long.parseLong(
                engine.db().value("SELECT count(*) FROM " + o + " WHERE id NOT IN (SELECT id FROM " + s + ")"));
    }

    private void oldCode(String sql) {
        engine.db().run("INSERT INTO old_code VALUES ('" + s + "', '" + sql + "')");
    }

    /** json has no equality, point[] none that an index knows, and a composite type's is that of its fields. */
    @Test
    void whatHasNoEqualityIsOverwrittenWhereItDiffers() throws Exception {
        engine.db()
                .run(
                        "CREATE TYPE " + o + "_c AS (n int, doc json)",
                        "CREATE TABLE " + o + "_docs (id bigint PRIMARY KEY, doc json, dots point[], pair " + o + "_c)",
                        "INSERT INTO " + o + "_docs SELECT g, json_build_object('v', g), ARRAY[point(g, g)],"
                                + " ROW(g, json_build_object('v', g))::" + o
                                + "_c FROM generate_series(1, 400) g",
                        "UPDATE " + o + "_docs SET doc = NULL WHERE id <= 10",
                        "UPDATE " + o + "_docs SET pair.doc = '[]' WHERE id BETWEEN 11 AND 30");
        RunStatus run = engine.execute(engine.queue(TestEngine.job("job: " + s + "\nmigrate: { table: " + s
                        + ", insert: { into: " + o + "_docs, columns: { id: id, doc: \"json_build_object('v', v)\","
                        + " dots: \"ARRAY[point(v, v)]\", pair: \"ROW(v, json_build_object('v', v))::" + o
                        + "_c\" }, conflict: { columns: [id], do: update } } }"))
                .id());
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.progress().changed()).isEqualTo(100 + 30);
        assertThat(engine.db()
                        .value("SELECT count(*) FROM " + o + "_docs JOIN " + s + " USING (id) WHERE doc->>'v' = v::text"
                                + " AND (pair).doc->>'v' = v::text AND (dots[1])[0] = v"))
                .isEqualTo("500");
    }

    @Test
    void everyRowHasItsEqualAndNothingIsOrphaned() throws Exception {
        RunStatus run = engine.execute(queue("update", ""));
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        Evidence evidence = known(engine.runs().newest(s).orElseThrow().evidence());
        assertThat(evidence.verification()).isEqualTo("equality");
        assertThat(evidence.orphansChecked()).isTrue();
        assertThat(evidence.rows()).isEqualTo(500);
        assertThat(right()).isEqualTo(500);
        assertThat(engine.db().value("SELECT count(*) > 0 FROM pg_stats WHERE tablename = '" + o + "'"))
                .as("the filled table is the one that needs statistics")
                .isEqualTo("t");
    }

    @Test
    void anExistingRowIsKeptOverwrittenOrAnErrorAsTheJobSays() throws Exception {
        engine.db().run("INSERT INTO " + o + " VALUES (7, 0, 'kept')");
        RunStatus error = engine.execute(queue("error", ""));
        assertThat(error.state()).isEqualTo("failed");
        assertThat(known(error.failure()).sqlState()).isEqualTo("23505");
        RunStatus nothing = engine.execute(queue("nothing", ""));
        assertThat(nothing.state()).isEqualTo("succeeded");
        assertThat(known(engine.runs().newest(s).orElseThrow().evidence()).verification())
                .isEqualTo("completeness");
        assertThat(engine.db().value("SELECT twice FROM " + o + " WHERE id = 7"))
                .isEqualTo("0.0");
        RunStatus update = engine.execute(queue("update", ""));
        assertThat(update.state()).isEqualTo("succeeded");
        assertThat(update.progress().changed())
                .as("only what differs is written")
                .isEqualTo(1);
        assertThat(engine.db().value("SELECT twice || extra FROM " + o + " WHERE id = 7"))
                .isEqualTo("14.3kept");
    }

    @Test
    void rowsThatCameLateAreSweptThoughThereIsNoWhere() throws Exception {
        oldCode("INSERT INTO " + s + " VALUES (0, 5); DELETE FROM " + o + " WHERE id = 10; UPDATE " + s
                + " SET v = -1 WHERE id = 20");
        RunStatus run = engine.execute(queue("update", ""));
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.sweeps()).isEqualTo(1);
        assertThat(right()).isEqualTo(501);
    }

    @Test
    void rowsWithoutASourceAreFound() throws Exception {
        engine.db().run("INSERT INTO " + o + " VALUES (9001, 1), (9002, 1)");
        RunStatus run = engine.execute(queue("nothing", ""));
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).code()).isEqualTo("orphaned-rows");
        assertThat(known(run.failure()).message())
                .contains("2 rows of the filled table have no source row", "insert.orphans: allow");
    }

    @Test
    void aSourceRowThatIsBeingDeletedLeavesNoOrphan() throws Exception {
        try (Connection app = engine.db().connect();
                Statement delete = app.createStatement()) {
            app.setAutoCommit(false);
            delete.execute("DELETE FROM " + s + " WHERE id = 100");
            UUID id = queue("nothing", "");
            // the batch waits for the row's lock, gives up, and holds: then the delete commits
            TIME.atWait(1, nth -> {
                assertThat(engine.db().value("SELECT count(*) FROM " + o)).isEqualTo("0");
                commit(app);
            });
            RunStatus run = engine.execute(id);
            assertThat(run.state()).isEqualTo("succeeded");
            assertThat(orphans()).isZero();
            assertThat(right()).isEqualTo(499);
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
    void aLaterLookFindsBothStaleRowsAndOrphans() throws Exception {
        UUID id = engine.execute(queue("update", "")).id();
        var first = known(engine.runs().newest(s).orElseThrow().evidence());
        RunStatus clean = engine.execute(id);
        assertThat(clean.state()).isEqualTo("succeeded");
        assertThat(known(engine.runs().newest(s).orElseThrow().evidence()).verifiedAsOf())
                .isAfter(first.verifiedAsOf());
        assertThat(engine.db()
                        .value("SELECT count(*) FROM sluice.pass WHERE run_id = '" + id + "' AND kind <> 'migrate'"))
                .as("looks that a later one has replaced are forgotten")
                .isEqualTo("2");
        engine.db().run("DELETE FROM " + s + " WHERE id = 3");
        RunStatus stale = engine.execute(id);
        assertThat(stale.state()).isEqualTo("incomplete");
        assertThat(known(stale.failure()).message()).contains("1 rows of the filled table have no source row");
    }
}
