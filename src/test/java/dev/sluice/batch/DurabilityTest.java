package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What waits for the disk, and what does not. */
class DurabilityTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void aBatchDoesNotWaitAndLeavesTheSessionAsItWas(int stripes) throws SQLException {
        try (TestTarget target = target()) {
            TableFacts facts = target.facts("t");
            Claim claim = claim(target, facts);
            BatchRequest request = new BatchRequest(40, stripes);
            target.db()
                    .run(
                            "ALTER TABLE t ADD COLUMN mode text",
                            "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
                                    + " $$ BEGIN NEW.mode := current_setting('synchronous_commit'); RETURN NEW; END $$",
                            "CREATE TRIGGER notes BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noted()");
            assertThat(target.batches(facts).commit(claim, request)).isInstanceOf(Outcome.Committed.class);
            assertThat(target.db().value("SELECT string_agg(DISTINCT mode, ' ') FROM t"))
                    .isEqualTo("off");
            try (Connection connection = target.database().connect()) {
                assertThat(synchronousCommit(connection)).isEqualTo("on");
            }
        }
    }

    /** What waits for the disk waits for all that was committed before it. */
    @Test
    void theEndOfAPassWaitsForAllItsBatches() throws SQLException {
        try (TestTarget target = target()) {
            TableFacts facts = target.facts("t");
            Claim claim = claim(target, facts);
            UUID run = claim.id().run();
            assertThat(target.checkpoints().finish(run, 0))
                    .as("with a partition that is not done, as after a crash that took its last batch back")
                    .isFalse();
            assertThat(target.checkpoints().pass(run, 0).orElseThrow().finishedAt())
                    .isNull();
            Batches batches = target.batches(facts);
            for (boolean last = false; !last; ) {
                var done = (Outcome.Committed) batches.commit(claim, BatchRequest.of(40));
                claim = claim.at(done.position());
                last = done.last();
            }
            String written = target.db().value("SELECT pg_current_wal_insert_lsn()");
            assertThat(target.checkpoints().finish(run, 0)).isTrue();
            assertThat(target.checkpoints().finish(run, 0)).as("again").isTrue();
            assertThat(target.db().value("SELECT pg_current_wal_flush_lsn() >= '" + written + "'"))
                    .isEqualTo("t");
        }
    }

    private static TestTarget target() {
        TestTarget target = TestTarget.create(Duration.ofSeconds(30));
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT g FROM generate_series(1, 100) g");
        return target;
    }

    private static Claim claim(TestTarget target, TableFacts facts) throws SQLException {
        UUID run = target.begun(facts);
        PartitionId id = target.open(run).getFirst();
        return target.claims(run).claim(id).orElseThrow();
    }

    private static String synchronousCommit(Connection connection) throws SQLException {
        try (var show = connection.createStatement();
                var row = show.executeQuery("SHOW synchronous_commit")) {
            row.next();
            return row.getString(1);
        }
    }
}
