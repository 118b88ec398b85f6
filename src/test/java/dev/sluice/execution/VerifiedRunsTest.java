package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.run.Evidence;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How runs are proven, and what becomes of those that cannot be. */
@Timeout(60)
class VerifiedRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
        // old code that writes just before each verification: one line of SQL per job
        engine.db()
                .run(
                        "CREATE TABLE old_code (job text, pass int, sql text)",
                        "CREATE FUNCTION old_code() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE o record; BEGIN"
                                + " FOR o IN SELECT sql FROM old_code c JOIN sluice.run r ON r.job = c.job"
                                + " WHERE r.id = NEW.run_id AND NEW.kind = 'verify' AND (c.pass IS NULL OR c.pass = NEW.pass)"
                                + " LOOP EXECUTE o.sql; END LOOP; RETURN NEW; END $$",
                        "CREATE TRIGGER old_code AFTER INSERT ON sluice.pass FOR EACH ROW EXECUTE FUNCTION old_code()");
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        TIME.free();
        t = "v" + COUNT.incrementAndGet();
    }

    /** {@code id, a = id, b NULL} for 1 to 500. */
    private void rows() {
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, b int)",
                        "INSERT INTO " + t + " (id, a) SELECT g, g FROM generate_series(1, 500) g");
    }

    private void oldCode(String pass, String sql) {
        engine.db().run("INSERT INTO old_code VALUES ('" + t + "', " + pass + ", '" + sql.replace("'", "''") + "')");
    }

    private UUID queue(String migrate, String more) {
        return engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", " + migrate + " }" + more))
                .id();
    }

    private RunStatus run(String migrate, String more) throws InterruptedException {
        return engine.execute(queue(migrate, more));
    }

    private Evidence evidence() {
        return known(engine.runs().newest(t).orElseThrow().evidence());
    }

    private long count(String condition) {
        return Long.parseLong(engine.db().value("SELECT count(*) FROM " + t + " WHERE " + condition));
    }

    @Test
    void aRoundedValueIsEqualAsTheColumnStoresIt() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE " + t
                                + " (id bigint PRIMARY KEY, a numeric, r numeric(10,2), s varchar(60), d date, f real)",
                        "INSERT INTO " + t + " SELECT g, g / 7.0 FROM generate_series(1, 500) g");
        RunStatus run = run(
                "set: { r: a * 1.19, s: \"a::text || 'x'\", d: \"DATE '2026-01-01' + a::int\", f: a / 3 }, where: r IS NULL",
                "");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("equality");
        assertThat(evidence().rows()).isEqualTo(500);
        assertThat(count("r = round(a * 1.19, 2)")).isEqualTo(500);
    }

    @Test
    void typesWithoutAnEqualityAreComparedByTheirText() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, j json, p point)",
                        "INSERT INTO " + t + " SELECT g, g FROM generate_series(1, 50) g");
        oldCode("1", "UPDATE " + t + " SET p = point(0, 0) WHERE id = 3");
        RunStatus run = run("set: { j: \"('[' || a || ']')::json\", p: \"point(a, 1)\" }, where: j IS NULL", "");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("1 of 50 rows violate the verification (equality)");
    }

    @Test
    void whatHoldsATypeWithoutAnEqualityIsComparedByItsTextToo() throws Exception {
        engine.db()
                .run(
                        "CREATE TYPE extra_" + t + " AS (n int, doc json)",
                        "CREATE DOMAIN docs_" + t + " AS extra_" + t + "[]",
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, e extra_" + t + ", d docs_" + t + ")",
                        "INSERT INTO " + t + " SELECT g, g FROM generate_series(1, 50) g");
        oldCode("1", "UPDATE " + t + " SET e = NULL WHERE id = 3");
        String e = "ROW(a, ('[' || a || ']')::json)::extra_" + t;
        RunStatus run = run("set: { e: \"" + e + "\", d: \"ARRAY[" + e + "]\" }, where: d IS NULL", "");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("1 of 50 rows violate the verification (equality)");
    }

    /** Its operators lie where no search_path of a session leads. */
    @Test
    void aTypeOfAnotherSchemaIsComparedWhereverItsOperatorsAre() throws Exception {
        assumeTrue(engine.db()
                .value("SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'")
                .equals("1"));
        engine.db()
                .run(
                        "CREATE SCHEMA ext_" + t,
                        "CREATE EXTENSION hstore SCHEMA ext_" + t,
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, h ext_" + t + ".hstore)",
                        "CREATE TABLE filled_" + t + " (h ext_" + t + ".hstore PRIMARY KEY, a int)",
                        "INSERT INTO " + t + " SELECT g, g FROM generate_series(1, 50) g");
        try {
            String h = "ext_" + t + ".hstore('a', a::text)";
            RunStatus run = run("set: { h: \"" + h + "\" }, where: h IS NULL", "");
            assertThat(run.failure()).isNull();
            assertThat(run.state()).isEqualTo("succeeded");
            RunStatus filled = engine.run("job: filled-" + t + "\nmigrate: { table: " + t + ", insert: { into: filled_"
                    + t + ", columns: { h: h, a: a }, conflict: { columns: [h], do: update }, orphans: allow } }");
            assertThat(filled.failure()).isNull();
            assertThat(filled.state()).isEqualTo("succeeded");
        } finally {
            engine.db().run("DROP EXTENSION hstore CASCADE");
        }
    }

    @Test
    void whatIsNotImmutableOrReadsItselfIsProvenComplete() throws Exception {
        engine.db()
                .run("CREATE FUNCTION stable_" + t
                        + "(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 + 1; END'");
        String base = t;
        List<String> expressions = List.of(
                "extract(epoch from now())::int",
                "(random() * 100)::int",
                "(SELECT 1 + count(*) FROM pg_class)::int",
                "stable_" + base + "(a)",
                "coalesce(b, 0) + a");
        for (String expression : expressions) {
            t = "v" + COUNT.incrementAndGet();
            rows();
            RunStatus run = run("set: { b: \"" + expression + "\" }, where: b IS NULL", "");
            assertThat(run.state()).as(expression).isEqualTo("succeeded");
            assertThat(evidence().verification()).as(expression).isEqualTo("completeness");
            assertThat(evidence().condition()).isEqualTo("(b IS NULL) IS NOT TRUE");
            assertThat(evidence().because()).as(expression).contains("no row matches where");
        }
    }

    @Test
    void aGeneratedColumnMayFollowWhatIsSetAndIsNotChangedTwice() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE " + t
                                + " (id bigint PRIMARY KEY, a int NOT NULL DEFAULT 0, g int GENERATED ALWAYS AS (a) STORED)",
                        "INSERT INTO " + t + " (id) SELECT generate_series(1, 500)");
        RunStatus run = run("set: { a: g + 1 }, where: a < 10", "");
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("ranges");
        assertThat(count("a = 1")).isEqualTo(500);
    }

    @Test
    void withoutWhereEachRangeCommittedOnceIsTheEvidence() throws Exception {
        rows();
        RunStatus run = run("set: { a: a + 1 }, batch: { size: 90 }", "");
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("ranges");
        assertThat(evidence().condition()).isNull();
        assertThat(evidence().rows()).isEqualTo(500);
        assertThat(evidence().changed()).isEqualTo(500);
    }

    @Test
    void aGivenConditionIsHeldAgainstEveryRow() throws Exception {
        rows();
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "\nswitch: { verify: b > 5 }");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).code()).isEqualTo("unverified-rows");
        assertThat(known(run.failure()).message())
                .contains("2 of 500 rows violate the verification (given)", "switch.verify");
        assertThat(run.progress().violations()).isEqualTo(2);
        assertThat(known(run.failure()).statement()).isEqualTo("b > 5");
        assertThat(run.sweeps())
                .as("no sweep can fix what does not match where")
                .isZero();
        RunStatus good = run("set: { b: a * 2 }, where: b IS NULL", "\nswitch: { verify: b >= 2 }");
        assertThat(good.state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("given");
    }

    @Test
    void aConditionThatIsNullViolates() throws Exception {
        rows();
        engine.db().run("UPDATE " + t + " SET a = NULL WHERE id = 9");
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "\nswitch: { verify: b > 0 }");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("1 of 500 rows");
    }

    @Test
    void rowsThatStillMatchAfterTheirChangeAreCountedAndDoNotPassForOldCode() throws Exception {
        rows();
        engine.db().run("UPDATE " + t + " SET a = NULL WHERE id <= 7");
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.progress().stillMatching()).isEqualTo(7);
        assertThat(evidence().stillMatching()).isEqualTo(7);
        assertThat(run.sweeps()).isZero();
    }

    @Test
    void rowsThatCameLateAreSwept() throws Exception {
        rows();
        oldCode(
                "1",
                "INSERT INTO " + t + " (id, a) VALUES (0, 1), (250000, 2); UPDATE " + t
                        + " SET b = NULL WHERE id = 77");
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.sweeps()).isEqualTo(1);
        assertThat(evidence().sweeps()).isEqualTo(1);
        assertThat(evidence().rows()).isEqualTo(502);
        assertThat(evidence().changed()).isEqualTo(503);
        assertThat(count("b = a * 2")).isEqualTo(502);
    }

    @Test
    void whoLostTheRunWhileItLookedAgainDoesNotDateItsEvidence() throws Exception {
        rows();
        UUID id = queue("set: { b: a * 2 }, where: b IS NULL", "");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        String dated = "SELECT verified_at::text FROM sluice.run WHERE id = '" + id + "'";
        String first = engine.db().value(dated);
        // another worker takes it when all has been looked at
        engine.db()
                .run(
                        "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE sluice.lane"
                                + " SET owner = 'other#1' WHERE run_id = NEW.run_id; RETURN NEW; END $$",
                        "CREATE TRIGGER other AFTER UPDATE ON sluice.pass FOR EACH ROW WHEN (NEW.run_id = '" + id
                                + "') EXECUTE FUNCTION other()");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(engine.db().value(dated)).isEqualTo(first);
        engine.db().run("DROP TRIGGER other ON sluice.pass");
        engine.execute(id);
        assertThat(engine.db().value(dated)).as("who has it does").isGreaterThan(first);
    }

    @Test
    void aRowThatOldCodeKeepsWritingMakesTheRunIncompleteWithTheLikelyCause() throws Exception {
        rows();
        oldCode("NULL", "UPDATE " + t + " SET b = NULL WHERE id = 77");
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(run.sweeps()).isEqualTo(3);
        assertThat(known(run.failure()).message())
                .contains("1 of 500 rows", "after 3 sweep(s)", "old code still writes rows", "dual write");
        assertThat(run.finishedAt()).isNotNull();
        // and when it has been fixed, a new run proves it
        engine.db().run("DELETE FROM old_code WHERE job = '" + t + "'");
        assertThat(run("set: { b: a * 2 }, where: b IS NULL", "").state()).isEqualTo("succeeded");
    }

    @Test
    void aRowThatOldCodeMadeStaleIsFoundThoughItDoesNotMatchWhere() throws Exception {
        rows();
        oldCode("1", "UPDATE " + t + " SET a = -1 WHERE id = 77");
        RunStatus run = run("set: { b: a * 2 }, where: b IS NULL", "");
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("1 of 500 rows violate the verification (equality)");
    }

    @Test
    void aPartitionedTableIsVerifiedLeafByLeaf() throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint, k int, b int, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                        "CREATE TABLE " + t + "_1 PARTITION OF " + t + " FOR VALUES IN (1)",
                        "CREATE TABLE " + t + "_2 PARTITION OF " + t + " FOR VALUES IN (2) PARTITION BY RANGE (id)",
                        "CREATE TABLE " + t + "_2a PARTITION OF " + t + "_2 FOR VALUES FROM (0) TO (200)",
                        "CREATE TABLE " + t + "_2b PARTITION OF " + t + "_2 FOR VALUES FROM (200) TO (1000)",
                        "CREATE TABLE " + t + "_3 PARTITION OF " + t + " FOR VALUES IN (3)",
                        "INSERT INTO " + t + " SELECT g, 1 + g % 2 FROM generate_series(1, 500) g");
        oldCode("1", "UPDATE " + t + " SET b = NULL WHERE id IN (101, 499)");
        RunStatus run = run("set: { b: \"(id * k)::int\" }, where: b IS NULL, batch: { size: 60 }", "");
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.sweeps()).isEqualTo(1);
        assertThat(evidence().rows()).isEqualTo(500);
        assertThat(count("b = id * k")).isEqualTo(500);
        oldCode("1", "UPDATE " + t + "_2b SET b = 0 WHERE id = 499");
        RunStatus second = run("set: { b: \"(id * k)::int\" }, where: b IS NULL, batch: { size: 60 }", "");
        assertThat(second.state()).isEqualTo("incomplete");
        assertThat(known(second.failure()).message()).contains("1 of 500 rows");
    }

    @Test
    void aDeleteIsProvenByItsWhereFindingNothing() throws Exception {
        rows();
        oldCode("1", "INSERT INTO " + t + " (id, a) VALUES (0, 1)");
        RunStatus run = run("delete: true, where: a <= 100", "");
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.sweeps()).isEqualTo(1);
        assertThat(evidence().verification()).isEqualTo("completeness");
        assertThat(count("true")).isEqualTo(400);
        assertThat(run.progress().changed()).isEqualTo(101);
    }

    @Test
    void aStatementOfOnesOwnIsProvenByItsWhere() throws Exception {
        rows();
        String sql = "sql: \"UPDATE " + t + " AS x SET b = a WHERE {batch:x} AND b IS NULL\", where: b IS NULL";
        oldCode("1", "UPDATE " + t + " SET b = NULL WHERE id = 5");
        RunStatus late = run(sql, "");
        assertThat(late.state())
                .as("late, or left by the statement: nobody knows")
                .isEqualTo("incomplete");
        assertThat(known(late.failure()).message()).contains("again: true");
        assertThatThrownBy(() -> run(sql, "")).hasMessageContaining("not repeatable");
        RunStatus again = run(sql + ", again: true", "");
        assertThat(again.state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("completeness");
    }

    @Test
    void theTableHasStatisticsOfTheNewColumnBeforeTheRunSucceeds() throws Exception {
        rows();
        engine.db().run("ALTER TABLE " + t + " SET (autovacuum_enabled = false)"); // the run alone analyses it
        TIME.atWaits(nth -> assertThat(engine.db().value("SELECT count(*) FROM pg_stats WHERE tablename = '" + t + "'"))
                .isEqualTo("0"));
        RunStatus run = run("set: { b: a % 3 }, where: b IS NULL, throttle: { rows-per-second: 200 }", "");
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(engine.db().value("SELECT n_distinct FROM pg_stats WHERE tablename = '" + t + "' AND attname = 'b'"))
                .isEqualTo("3");
        // before PostgreSQL 15 a process of its own gathers what the sessions report, a moment later
        await().untilAsserted(() -> assertThat(engine.db()
                        .value("SELECT last_analyze <= '" + run.finishedAt()
                                + "' FROM pg_stat_user_tables WHERE relname = '" + t + "'"))
                .isEqualTo("t"));
    }
}
