package dev.sluice.batch;

import static dev.sluice.batch.Sessions.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.UnchangedRange;
import dev.sluice.job.Shape;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batches count what they walked and did not do, exactly, whatever an application does meanwhile. */
class RowsLeftTest {
    private static final String NO_QUESTION = "note IS NULL OR note NOT IN ('it''s \\ ?', E'a\\'b\\\\')";
    private TestTarget target;
    private Sessions sessions;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(60));
        sessions = new Sessions(target.db());
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text)",
                        "INSERT INTO t SELECT generate_series(1, 1000)");
    }

    @AfterEach
    void stop() {
        sessions.close();
        target.close();
    }

    private void trigger(String table, String event, String body) {
        target.db()
                .run(
                        "CREATE FUNCTION " + table + "_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body
                                + " END $$",
                        "CREATE TRIGGER skips BEFORE " + event + " ON " + table + " FOR EACH ROW EXECUTE FUNCTION "
                                + table + "_trigger()");
    }

    private static RowWork plusOne(@org.jspecify.annotations.Nullable String where) {
        return new RowWork.Change(TestTarget.set("n", "n + 1"), Optional.ofNullable(where));
    }

    /** Walks the whole table; what the checkpoints say then. */
    private UUID walk(TableFacts facts, RowWork work, BatchRequest request) throws SQLException {
        UUID run = target.begun(facts);
        Batches batches = new Batches(target.database(), work, facts);
        long unchanged = 0;
        for (PartitionId id : target.open(run)) {
            Claim claim = target.claims(run).claim(id).orElseThrow();
            for (boolean done = false; !done; ) {
                Outcome.Committed c = (Outcome.Committed) batches.commit(claim, request);
                unchanged += c.left().unchanged();
                claim = claim.at(c.position());
                done = c.last();
            }
        }
        assertThat(target.checkpoints().firstWalks(run).left().unchanged())
                .as("told by the batches")
                .isEqualTo(unchanged);
        return run;
    }

    private long count(String condition) {
        return Long.parseLong(target.db().value("SELECT count(*) FROM t WHERE " + condition));
    }

    @ParameterizedTest
    @CsvSource({"100, 1", "70, 1", "2000, 1", "400, 4", "300, 64", "3, 2"})
    void rowsThatATriggerSkipsAreCounted(int keys, int stripes) throws Exception {
        trigger("t", "UPDATE", "IF NEW.id % 100 = 42 THEN RETURN NULL; END IF; RETURN NEW;");
        UUID run = walk(target.facts("t"), plusOne(null), new BatchRequest(keys, stripes));
        var counts = target.checkpoints().changes(run);
        assertThat(counts.scanned()).isEqualTo(1000);
        assertThat(counts.changed()).isEqualTo(990).isEqualTo(count("n = 1"));
        assertThat(counts.left()).isEqualTo(new RowsLeft(10, 0, 0));
        String range = UnchangedRange.of(target.database(), run).orElseThrow();
        if (keys == 100) {
            assertThat(range).isEqualTo("after the start up to (100)");
        } else {
            assertThat(range).matches("after (the start|\\([0-9]+\\)) up to \\([0-9]+\\)");
        }
    }

    @Test
    void withWhereOnlyThoseThatMatchItCount() throws Exception {
        trigger("t", "UPDATE", "IF NEW.id % 100 = 42 THEN RETURN NULL; END IF; RETURN NEW;");
        target.db().run("UPDATE t SET note = 'it''s \\ ?' WHERE id <= 500 AND id % 100 <> 42");
        target.db().run("ALTER TABLE t DISABLE TRIGGER skips", "UPDATE t SET note = 'it''s \\ ?' WHERE id <= 500");
        target.db().run("ALTER TABLE t ENABLE ALWAYS TRIGGER skips");
        for (BatchRequest request : List.of(BatchRequest.of(100), new BatchRequest(400, 8))) {
            UUID run = walk(target.facts("t"), plusOne(NO_QUESTION), request);
            var counts = target.checkpoints().changes(run);
            assertThat(counts.changed()).isEqualTo(495);
            assertThat(counts.left().unchanged()).isEqualTo(5);
        }
    }

    /** The classic way to keep what is deleted; the row is written by the batch's own transaction, and there. */
    @ParameterizedTest
    @ValueSource(strings = {"", "EXCEPTION WHEN division_by_zero THEN RETURN OLD;"})
    void aRowThatATriggerKeepsFromDeletionCounts(String handler) throws Exception {
        trigger("t", "DELETE", "UPDATE t SET note = 'deleted' WHERE id = OLD.id; RETURN NULL; " + handler);
        UUID run = walk(
                target.facts("t"), new RowWork.Change(new Shape.Delete(), Optional.of("true")), BatchRequest.of(300));
        assertThat(count("note = 'deleted'")).isEqualTo(1000);
        assertThat(target.checkpoints().changes(run).changed()).isZero();
        assertThat(target.checkpoints().changes(run).left().unchanged()).isEqualTo(1000);
    }

    @Test
    void theServersOwnTriggerThatSparesUpdatesWithoutEffectSkipsNothing() throws Exception {
        target.db()
                .run(
                        "CREATE TRIGGER spares BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()");
        RowWork work = new RowWork.Change(TestTarget.set("n", "abs(n)"), Optional.empty());
        UUID run = walk(target.facts("t"), work, BatchRequest.of(100));
        assertThat(target.checkpoints().changes(run).left()).isEqualTo(RowsLeft.NONE);
    }

    @Test
    void keysOfEveryKindAreFoundAgain() throws Exception {
        target.db()
                .run(
                        "CREATE TABLE k (a text COLLATE \"C\", b timestamptz, c numeric, n int NOT NULL DEFAULT 0, PRIMARY KEY (a, b, c))"
                                + " PARTITION BY HASH (a)",
                        "CREATE TABLE k0 PARTITION OF k FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                        "CREATE TABLE k1 PARTITION OF k FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
                        "INSERT INTO k SELECT chr(65 + g % 20) || '\"''\\', timestamptz '2026-03-29 00:30:00.123456+00' + g * interval '17 minutes',"
                                + " g / 7.0 FROM generate_series(1, 500) g");
        trigger("k", "UPDATE", "IF NEW.c < 10 THEN RETURN NULL; END IF; RETURN NEW;");
        long skipped = Long.parseLong(target.db().value("SELECT count(*) FROM k WHERE c < 10"));
        for (BatchRequest request : List.of(BatchRequest.of(37), new BatchRequest(200, 4))) {
            UUID run = walk(target.facts("k"), plusOne(null), request);
            assertThat(target.checkpoints().changes(run).left().unchanged()).isEqualTo(skipped);
        }
    }

    /** What others did to a row while the batch waited for it: nothing is left of a row that is gone, moved or done. */
    @ParameterizedTest
    @CsvSource({
        "DELETE FROM t WHERE id IN (10; 20), 2, 0",
        "UPDATE t SET id = id + 5000 WHERE id IN (10; 20), 2, 0",
        "UPDATE t SET n = 1 WHERE id IN (10; 20), 2, 0",
        "UPDATE t SET note = 'seen' WHERE id IN (10; 20), 0, 0",
        // what it has become is what the trigger skips
        "UPDATE t SET note = 'keep' WHERE id = 42, 0, 1",
    })
    void whatOthersDoMeanwhileIsNoAlarm(String sql, int missing, int unchanged) throws Exception {
        trigger(
                "t",
                "UPDATE",
                "IF NEW.note = 'keep' AND current_setting('application_name') = 'sluice' THEN RETURN NULL; END IF;"
                        + " RETURN NEW;");
        TableFacts facts = target.facts("t");
        Claim claim = target.claim(target.begun(facts));
        Batches batches = new Batches(target.database(), plusOne("n = 0"), facts);
        try (var application = sessions.hold(sql.replace(';', ','))) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            application.release();
            var c = (Outcome.Committed) get(batch);
            assertThat(c.changed()).isEqualTo(100 - missing - unchanged);
            assertThat(c.left().unchanged()).isEqualTo(unchanged);
        }
    }

    /** Whoever asks for the key finds a row that was not changed, so it is told. */
    @Test
    void aRowThatIsReplacedUnderItsKeyMeanwhileCounts() throws Exception {
        trigger("t", "UPDATE", "RETURN NEW;");
        TableFacts facts = target.facts("t");
        Claim claim = target.claim(target.begun(facts));
        Batches batches = new Batches(target.database(), plusOne(null), facts);
        try (var application =
                sessions.hold("DELETE FROM t WHERE id = 10", "INSERT INTO t (id, note) VALUES (10, 'again')")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            application.release();
            var c = (Outcome.Committed) get(batch);
            assertThat(c.changed()).isEqualTo(99);
            assertThat(c.left().unchanged()).isEqualTo(1);
        }
    }

    @Test
    void sourceRowsWithoutARowOfTheirOwnAreCounted() throws Exception {
        target.db()
                .run(
                        "CREATE TABLE cities (name text PRIMARY KEY, note text)",
                        "INSERT INTO cities VALUES ('c7', 'was there')",
                        "UPDATE t SET note = 'C' || id % 50",
                        "UPDATE t SET note = NULL WHERE id = 1");
        Map<String, String> columns = new LinkedHashMap<>();
        columns.put("name", "lower(note)");
        columns.put("note", "'of ' || id");
        var insert = new Shape.Insert(
                new TableName("public", "cities"),
                columns,
                new Shape.Conflict(List.of("name"), Shape.Conflict.Action.NOTHING),
                false);
        UUID run = walk(
                target.facts("t"),
                new RowWork.Change(insert, Optional.of("note IS NOT NULL AND id <= 600")),
                BatchRequest.of(100));
        var counts = target.checkpoints().changes(run);
        // 49 new cities of 599 source rows; each batch of 100 has every city twice, the first one of them once less
        assertThat(counts.changed()).isEqualTo(49);
        assertThat(counts.left()).isEqualTo(new RowsLeft(0, 550, 49 + 5 * 50));
    }
}
