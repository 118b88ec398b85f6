package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.Evidence;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How runs end that walked rows and did not change them, or changed others. */
@Timeout(60)
class LeftRunsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), new SteppedTime());
        engine.db()
                .run(
                        "CREATE FUNCTION skips() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 100 = 42 THEN RETURN NULL; END IF;"
                                + " RETURN NEW; END $$");
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        t = "left" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text)",
                        "INSERT INTO " + t + " SELECT generate_series(1, 3000)",
                        "CREATE TRIGGER skips BEFORE UPDATE ON " + t + " FOR EACH ROW EXECUTE FUNCTION skips()");
    }

    private RunStatus run(String migrate, String more) throws InterruptedException {
        return engine.run("job: " + t + "\nmigrate: { table: " + t + ", " + migrate + " }" + more);
    }

    private Evidence evidence() {
        return known(engine.runs().newest(t).orElseThrow().evidence());
    }

    @Test
    void aVerificationThatSkippedRowsPassToDoesNotHideThem() throws Exception {
        RunStatus ended = run(
                "set: { note: id::text }, where: note IS NULL",
                "\nswitch: { verify: \"note IS NULL OR note = id::text\" }");
        assertThat(ended.state()).isEqualTo("incomplete");
        assertThat(known(ended.failure()).code()).isEqualTo("rows-unchanged");
        assertThat(known(ended.failure()).message()).startsWith("30 of 3000 rows");
    }

    @Test
    void aRunThatLeftRowsUnchangedIsIncompleteAndSaysWhere() throws Exception {
        RunStatus ended = run("set: { n: n + 1 }, batch: { size: 1000 }, stripes: off", "");
        assertThat(ended.state()).isEqualTo("incomplete");
        var failure = known(ended.failure());
        assertThat(failure.code()).isEqualTo("rows-unchanged");
        assertThat(failure.message())
                .contains("30 of 3000 rows that were walked did not change")
                .doesNotContain("(1000)")
                .contains("BEFORE trigger returns NULL");
        assertThat(failure.keyRange()).as("for operators").isEqualTo("after the start up to (1000)");
        assertThat(ended.progress().unchanged()).isEqualTo(30);
        assertThat(ended.progress().changed()).isEqualTo(2970);
        assertThat(engine.runs().newest(t).orElseThrow().evidence()).isNull();
    }

    @Test
    void stripesAndLanesCountThemToo() throws Exception {
        RunStatus ended = run("set: { n: n + 1 }, batch: { size: 100 }, stripes: 4, partitions: 3", "");
        assertThat(known(ended.failure()).code()).isEqualTo("rows-unchanged");
        assertThat(ended.progress().unchanged()).isEqualTo(30);
    }

    /** A verification that holds is not enough by itself; after a person has looked, it is. */
    @Test
    void aPersonMayFixThemAndLookAgain() throws Exception {
        UUID id = engine.queue(TestEngine.job(
                        "job: " + t + "\nmigrate: { table: " + t + ", set: { n: n + 1 } }\nswitch: { verify: n >= 0 }"))
                .id();
        assertThat(known(engine.execute(id).failure()).message()).contains("sluice resume");
        engine.db()
                .run(
                        "ALTER TABLE " + t + " DISABLE TRIGGER skips",
                        "UPDATE " + t + " SET n = n + 1 WHERE id % 100 = 42");
        engine.runs().resume(id, TestEngine.TESTER);
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(evidence().unchanged()).isEqualTo(30);
    }

    /** Every row was compared: those that were skipped are right all the same. */
    @Test
    void rowsThatAreRightAnywayDoNotCloseTheGate() throws Exception {
        engine.db()
                .run(
                        "ALTER TABLE " + t + " DISABLE TRIGGER skips",
                        "UPDATE " + t + " SET note = 'x' || id WHERE id % 100 = 42",
                        "ALTER TABLE " + t + " ENABLE TRIGGER skips");
        assertThat(run("set: { note: \"'x' || id\" }", "").state()).isEqualTo("succeeded");
        assertThat(evidence().verification()).isEqualTo("equality");
        assertThat(evidence().unchanged()).isEqualTo(30);
    }

    @Test
    void withWhereTheMessageNamesTheTriggerToo() throws Exception {
        RunStatus ended = run("set: { n: n + 1 }, where: n = 0", "");
        assertThat(ended.state()).isEqualTo("incomplete");
        assertThat(known(ended.failure()).code()).isEqualTo("unverified-rows");
        assertThat(known(ended.failure()).message())
                .contains("old code still writes")
                .contains("a BEFORE trigger returns NULL for them (30 rows were walked and did not change)");
        assertThat(known(ended.failure()).keyRange()).startsWith("after ");
    }

    /** Changed rows still match, so that nothing can be looked at. */
    @Test
    void whereThatStillMatchesProvesNothing() throws Exception {
        RunStatus ended = run("set: { n: n + 1 }, where: n >= 0", "");
        assertThat(known(ended.failure()).code()).isEqualTo("rows-unchanged");
        assertThat(ended.progress().unchanged()).isEqualTo(30);
    }

    @Test
    void collapsedRowsAreInTheEvidence() throws Exception {
        engine.db().run("CREATE TABLE " + t + "_o (k bigint PRIMARY KEY, note text)");
        RunStatus ended = run(
                "insert: { into: " + t
                        + "_o, columns: { k: id / 2, note: \"'n'\" }, conflict: { columns: [k], do: nothing } }, batch: { size: 1000 }",
                "");
        assertThat(ended.state()).isEqualTo("succeeded");
        assertThat(evidence().rows()).isEqualTo(3000);
        assertThat(evidence().changed()).isEqualTo(1501);
        assertThat(evidence().collapsed()).isEqualTo(1499);
        assertThat(evidence().sharedKeys()).isBetween(1300L, 1499L);
        assertThat(ended.progress().collapsed()).isEqualTo(1499);
    }

    @Test
    void rowsOfOneBatchThatShareAKeyOfAnUpdateFailAtOnce() throws Exception {
        engine.db().run("CREATE TABLE " + t + "_o (k bigint PRIMARY KEY, note text)");
        RunStatus ended = run(
                "insert: { into: " + t
                        + "_o, columns: { k: id / 2, note: \"'n' || id\" }, conflict: { columns: [k], do: update } }",
                "");
        assertThat(ended.state()).isEqualTo("failed");
        var failure = known(ended.failure());
        assertThat(failure.code()).isEqualTo("rows-share-target-key");
        assertThat(failure.message()).contains("(k = id / 2)").contains("Name conflict columns");
        assertThat(failure.sqlState()).isEqualTo("21000");
        assertThat(failure.keyRange()).isNotNull();
    }

    /** Where the server reads strings otherwise than the standard has it, and nobody has asked it beforehand. */
    @Test
    void aBatchBeyondItsKeysFailsTheRunAtOnce() throws Exception {
        TestPostgres.Fresh old = TestPostgres.create();
        old.run(
                "CREATE TABLE w (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text)",
                "INSERT INTO w SELECT generate_series(1, 2000)",
                "ALTER DATABASE " + old.value("SELECT current_database()") + " SET standard_conforming_strings = off");
        try (TestEngine off = TestEngine.on(old, new SteppedTime())) {
            RunStatus ended = off.run("job: w\nmigrate:\n  table: w\n  set: { n: n + 1 }\n  batch: { size: 1000 }\n"
                    + "  where: |\n    note = '\\' OR note = ') OR (n = 0) OR (note = ' -- '\n    AND true\n");
            assertThat(ended.state()).isEqualTo("failed");
            assertThat(known(ended.failure()).code()).isEqualTo("batch-beyond-range");
            assertThat(known(ended.failure()).message()).contains("nothing of it was committed");
            assertThat(old.value("SELECT count(*) FROM w WHERE n = 0")).isEqualTo("2000");
        }
    }
}
