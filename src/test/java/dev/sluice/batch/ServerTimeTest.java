package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long the server was at a batch. */
class ServerTimeTest {
    private TestTarget target;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT generate_series(1, 4)");
    }

    @AfterEach
    void stop() {
        target.close();
    }

    @Test
    void theRowsAreInItAndNoBatchBefore() throws Exception {
        TableFacts facts = target.facts("t");
        var slow = new RowWork.Change(
                TestTarget.set("n", "(SELECT count(pg_sleep(0.05))::int WHERE id > 0)"), Optional.empty());
        var batches = new Batches(target.database(), slow, facts);
        Claim claim = target.claim(target.begun(facts));
        for (int i = 0; i < 2; i++) {
            long before = System.nanoTime();
            var done = (Outcome.Committed) batches.commit(claim, 2);
            double elapsed = (System.nanoTime() - before) / 1e9;
            assertThat(done.changed()).isEqualTo(2);
            assertThat(done.serverSeconds()).isBetween(0.1, elapsed);
            claim = claim.at(done.position());
        }
    }
}
