package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.checkpoint.Claim;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows changed in place: what the batches count is what the server counts, and stripes make most of them so. */
class InPlaceTest {
    private static final int ROWS = 20_000;

    private TestTarget target;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        table("t");
    }

    @AfterEach
    void stop() {
        target.close();
    }

    @ParameterizedTest
    @CsvSource({"1000, 1, 0.0, 0.05", "8000, 4, 0.6, 0.8", "8000, 8, 0.75, 0.9", "20000, 16, 0.8, 0.95"})
    void stripesLetMostRowsBeChangedInPlace(int keys, int stripes, double least, double most) throws SQLException {
        long hot = walk("t", new BatchRequest(keys, stripes));

        assertThat((double) hot / ROWS).isBetween(least, most);
        assertCounted("t", ROWS + " " + hot);
    }

    @Test
    void countsAreOfTheBatchAloneWhateverTheSessionDidBefore() throws SQLException {
        table("other");
        long first = walk("t", new BatchRequest(8000, 8));
        walk("other", new BatchRequest(8000, 4));
        long second = walk("t", new BatchRequest(8000, 8));

        assertCounted("t", 2 * ROWS + " " + (first + second));
    }

    @Test
    void anIndexedColumnIsNeverChangedInPlace() throws SQLException {
        target.db().run("CREATE INDEX ON t (n)");
        assertThat(walk("t", new BatchRequest(8000, 8))).isZero();
        assertCounted("t", ROWS + " 0");
    }

    @Test
    void anOldSnapshotKeepsTheRoomFromBeingFreed() throws SQLException {
        try (Sessions sessions = new Sessions(target.db());
                var old = sessions.hold("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM t")) {
            assertThat(walk("t", new BatchRequest(8000, 8))).isLessThan(ROWS / 20);
        }
    }

    private void table(String name) {
        target.db()
                .run(
                        "CREATE TABLE " + name + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, pad text)"
                                + " WITH (autovacuum_enabled = off)", // its snapshot would keep room from being freed
                        "INSERT INTO " + name + " SELECT g, 0, repeat('x', 200) FROM generate_series(1, " + ROWS
                                + ") g",
                        "VACUUM ANALYZE " + name);
    }

    private long walk(String table, BatchRequest request) throws SQLException {
        TableFacts facts = target.facts(table);
        UUID run = target.begun(facts);
        Batches batches = target.batches(facts);
        Claim claim = target.claim(run);
        long hot = 0;
        for (boolean done = false; !done; ) {
            Outcome.Committed c = (Outcome.Committed) batches.commit(claim, request);
            assertThat(c.hot()).isBetween(0L, c.changed());
            hot += c.hot();
            done = c.last();
            claim = claim.at(c.position());
        }
        assertThat(target.checkpoints().counts(run, 0).hot()).isEqualTo(hot);
        return hot;
    }

    /** Updates and heap-only updates as the statistics have them when every session has handed its counts in. */
    private void assertCounted(String table, String expected) {
        target.database().close();
        await().atMost(Duration.ofSeconds(30))
                .until(() -> target.db()
                        .value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sluice'"
                                + " AND datname = current_database()")
                        .equals("0"));
        String counted =
                "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = '" + table + "'";
        // up to PostgreSQL 14 they come a little later, and not all at once
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(target.db().value(counted))
                        .as("by the server")
                        .isEqualTo(expected));
    }
}
