package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.job.Shape;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever got past every other check: of a batch that changed more than it walked, nothing is committed. */
class BeyondRangeTest {
    private TestTarget target;
    private TableFacts facts;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text)",
                        "INSERT INTO t SELECT generate_series(1, 2000)",
                        "CREATE TABLE made (id bigint, note text, UNIQUE (id, note))");
        facts = target.facts("t");
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private void refused(RowWork work, BatchRequest request) throws SQLException {
        Claim claim = target.claim(target.begun(facts));
        assertThatThrownBy(() -> new Batches(target.database(), work, facts).commit(claim, request))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("SL001"));
        assertThat(target.db().value("SELECT count(*) FROM t WHERE n = 0")).isEqualTo("2000");
        assertThat(target.db().value("SELECT count(*) FROM made")).isEqualTo("0");
        assertThat(target.claims(claim.id().run())
                        .read(claim.id())
                        .orElseThrow()
                        .claim()
                        .position())
                .isEqualTo(claim.position());
    }

    private static RowWork plusOne(String where) {
        return new RowWork.Change(TestTarget.set("n", "n + 1"), Optional.of(where));
    }

    /** Also where it changes fewer rows than it walked. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "n = 0) OR (n = 0 | 1",
                "n = 0) OR (n = 0 | 8",
                "false) OR (id = 1999 | 1",
                "false) OR (id % 400 = 0 | 4",
                "n IS NULL) OR E'' = (E'' | 1"
            })
    void aConditionThatReachesBeyondTheKeys(String where, int stripes) throws Exception {
        refused(plusOne(where), new BatchRequest(100 * stripes, stripes));
    }

    @Test
    void aDeletionThatReachesBeyondTheKeys() throws Exception {
        refused(new RowWork.Change(new Shape.Delete(), Optional.of("false) OR (id > 1990")), BatchRequest.of(100));
    }

    /** Another one that the checks of brackets alone keep out: it stays within the keys. */
    @Test
    void aRowWhoseKeyATriggerChangesIsBeyondThem() throws Exception {
        target.db()
                .run(
                        "CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id = OLD.id + 10000; RETURN NEW; END $$",
                        "CREATE TRIGGER moves BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.id = 50) EXECUTE FUNCTION moves()");
        refused(plusOne("n = 0"), BatchRequest.of(100));
    }

    @ParameterizedTest
    @ValueSource(strings = {"NOTHING", "UPDATE", "ERROR"})
    void anInsertOfMoreRowsThanWereWalked(Shape.Conflict.Action action) throws Exception {
        var insert = new Shape.Insert(
                new TableName("public", "made"),
                Map.of("id", "id", "note", "'of ' || id"),
                new Shape.Conflict(List.of("id", "note"), action),
                false);
        refused(new RowWork.Change(insert, Optional.of("false) OR (true")), BatchRequest.of(100));
    }
}
