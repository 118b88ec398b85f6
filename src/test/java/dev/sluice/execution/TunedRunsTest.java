package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.SettingsChange;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Settings that are changed while a run goes on. */
@Timeout(60)
class TunedRunsTest {
    @Test
    void aBatchSizeThatIsAskedForBetweenTwoLeavesIsThatOfTheNextBatch() throws Exception {
        HookedTime time = new HookedTime();
        try (TestEngine engine = TestEngine.on(TestPostgres.create(), time)) {
            engine.db()
                    .run("CREATE TABLE t (k int, id int, n int NOT NULL DEFAULT 0, PRIMARY KEY (k, id))"
                            + " PARTITION BY LIST (k)");
            for (int leaf = 0; leaf < 4; leaf++) {
                engine.db().run("CREATE TABLE t_" + leaf + " PARTITION OF t FOR VALUES IN (" + leaf + ")");
            }
            engine.db().run("INSERT INTO t SELECT g % 4, g FROM generate_series(0, 799) g");
            UUID id = engine.queue(TestEngine.job("job: t\nmigrate: { table: t, set: { n: n + 1 },"
                            + " batch: { size: 1000 }, throttle: { rows-per-second: 500 } }"))
                    .id();
            var smaller = new SettingsChange(Optional.empty(), Optional.of(10), Optional.empty());
            time.atWait(1, nth -> engine.runs().tune(id, smaller, TestEngine.TESTER));
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            assertThat(batches(engine, 0)).as("a leaf was one batch before").isEqualTo("1");
            assertThat(Integer.parseInt(batches(engine, 2)))
                    .as("the leaf that was claimed already apart, one is several from then on")
                    .isGreaterThan(3);
        }
    }

    private static String batches(TestEngine engine, int partition) {
        return engine.db().value("SELECT batches FROM sluice.checkpoint WHERE pass = 0 AND partition = " + partition);
    }
}
