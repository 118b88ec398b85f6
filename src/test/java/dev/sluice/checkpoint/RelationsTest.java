package dev.sluice.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whether one partition of a pass is as the catalog has it: the look before each claim. */
class RelationsTest {
    private TestTarget target;
    private TableFacts facts;
    private UUID run;
    private Relations relations;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(10));
        target.db()
                .run(
                        "CREATE TABLE t (k int NOT NULL, id int NOT NULL, n int, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                        "CREATE TABLE t_0 PARTITION OF t FOR VALUES IN (0)",
                        "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)",
                        "INSERT INTO t SELECT g % 2, g, 0 FROM generate_series(1, 100) g");
        facts = target.facts("t");
        run = target.begun(facts);
        relations = new Relations(target.database());
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private boolean scheduleSync(int partition) {
        return relations.isInStep(new PartitionId(run, 0, partition), facts.oid());
    }

    @Test
    void eachIsLookedAtForItself() {
        assertThat(scheduleSync(0)).isTrue();
        assertThat(scheduleSync(1)).isTrue();
        target.db().run("ALTER TABLE t DETACH PARTITION t_1");
        assertThat(scheduleSync(0)).isTrue();
        assertThat(scheduleSync(1)).isFalse();
        target.db().run("ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES IN (1)");
        assertThat(scheduleSync(1)).isTrue();
        target.db().run("DROP TABLE t_1");
        assertThat(scheduleSync(1)).isFalse();
    }

    @Test
    void aTableOfTheSameNameIsNotTheSame() {
        target.db()
                .run(
                        "ALTER TABLE t_0 RENAME TO \"t 0\"\"old\"",
                        "CREATE TABLE t_0 (k int NOT NULL, id int NOT NULL, n int)");
        assertThat(scheduleSync(0)).isFalse();
        assertThat(relations.settle(run, 0, facts.oid())).isEmpty();
        assertThat(scheduleSync(0)).as("its checkpoint follows the new name").isTrue();
        target.db().run("ALTER TABLE \"t 0\"\"old\" SET SCHEMA sluice");
        assertThat(scheduleSync(0)).isFalse();
    }
}
