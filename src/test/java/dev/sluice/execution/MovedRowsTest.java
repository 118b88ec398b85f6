package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.plan.DryRun;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rows that switch partitions while their table is walked: what "every row once" does not cover. */
@Timeout(60)
class MovedRowsTest {
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** 400 rows in two partitions; in the middle of the second one, 51 rows of each go to the other. */
    private RunStatus walk(String t, Job job) throws InterruptedException {
        engine.db()
                .run(
                        "CREATE TABLE " + t
                                + " (k int, id int, n int NOT NULL DEFAULT 0, m int, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                        "CREATE TABLE " + t + "_1 PARTITION OF " + t + " FOR VALUES IN (1)",
                        "CREATE TABLE " + t + "_2 PARTITION OF " + t + " FOR VALUES IN (2)",
                        "INSERT INTO " + t + " (k, id) SELECT 1 + g / 201, g FROM generate_series(1, 400) g");
        TIME.atWait(
                3,
                nth -> engine.db()
                        .run("UPDATE " + t + " SET k = 3 - k WHERE id BETWEEN 10 AND 60 OR id BETWEEN 340 AND 390"));
        return engine.execute(engine.queue(job).id());
    }

    private String times(String t, int n) {
        return engine.db().value("SELECT count(*) FROM " + t + " WHERE n = " + n);
    }

    private boolean mayRun(Job job) {
        return new DryRun(engine.databases(), 0.005, Time.system()).examine(job).runnable();
    }

    @Test
    void aJobThatIsNotRepeatableMissesThemAndChangesThemTwiceAndIsRefused() throws Exception {
        Job job = TestEngine.job(
                "job: m1\nmigrate: { table: m1, set: { n: n + 1 }, batch: { size: 50 }, throttle: { rows-per-second: 50 } }");
        RunStatus run = walk("m1", job);
        assertThat(run.state()).as("nothing shows it").isEqualTo("succeeded");
        assertThat(times("m1", 0)).isEqualTo("51");
        assertThat(times("m1", 2)).isEqualTo("51");
        assertThat(mayRun(job)).as("so plan and the start of a run refuse it").isFalse();
    }

    @Test
    void aRepeatableJobFindsThemAndSweeps() throws Exception {
        Job job = TestEngine.job("job: m2\nmigrate: { table: m2, set: { n: n + 1, m: id }, where: m IS NULL,"
                + " batch: { size: 50 }, throttle: { rows-per-second: 50 } }");
        RunStatus run = walk("m2", job);
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.sweeps()).isEqualTo(1);
        assertThat(times("m2", 1)).isEqualTo("400");
        assertThat(mayRun(job)).isTrue();
    }

    /** A where that changed rows still match makes no job repeatable, and only the run finds out. */
    @Test
    void aJobWhoseChangedRowsStillMatchIsIncompleteWhereRowsMayMove() throws Exception {
        Job job = TestEngine.job("job: m3\nmigrate: { table: m3, set: { n: n + 1 }, where: n >= 0,"
                + " batch: { size: 50 }, throttle: { rows-per-second: 50 } }");
        engine.preflight(new DryRun(engine.databases(), 0.005, Time.system()));
        try {
            RunStatus run = walk("m3", job);
            assertThat(times("m3", 0)).isEqualTo("51");
            assertThat(run.state()).isEqualTo("incomplete");
            assertThat(known(run.failure()).code()).isEqualTo("rows-may-move");
        } finally {
            engine.preflight(checked -> List.of());
        }
    }
}
