package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import dev.sluice.time.Time;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A database that is far away. */
@Timeout(60)
class FarDatabaseTest {
    /** What locks rows and keeps cores busy is the server's time; the way there and back is neither. */
    @Test
    void batchesLastAsLongAsTheirTargetAtTheServerHoweverFarItIs() throws Exception {
        TestPostgres.Fresh fresh = TestPostgres.create();
        try (Wire wire = new Wire(fresh)) {
            wire.lengthen(Duration.ofMillis(10));
            try (TestEngine engine = TestEngine.on(wire.through(), Time.system())) {
                fresh.run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, a int NOT NULL, b int)",
                        "INSERT INTO t SELECT g, g FROM generate_series(1, 10000) g");
                RunStatus end = engine.run("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                        + " batch: { size: 100, target: 10ms }, stripes: off }");
                assertThat(end.state()).isEqualTo("succeeded");
                assertThat(Integer.parseInt(fresh.value("SELECT sum(batches) FROM sluice.checkpoint WHERE pass = 0")))
                        .as("each is 20 ms on its way, and would be made smaller and smaller for that")
                        .isLessThan(100);
            }
        }
    }
}
