package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Working, paced and held add up to the time a lane was carried. */
@Timeout(60)
@Tag("database")
class TimeSpentRunsTest {
    private static double counter(TestEngine engine, String name) {
        return engine.scrape()
                .lines()
                .filter(l -> l.startsWith("sluice_" + name + "_seconds_total{"))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void whatWasWorkedPacedAndHeldIsTheTimeThatPassed() throws Exception {
        try (TestEngine engine = TestEngine.on(TestPostgres.create(), Time.system())) {
            RunStatus.TimeSpent time = spent(engine, "size: 300 }, throttle: { rows-per-second: 1000 }");
            assertThat(time.pacedSeconds())
                    .as("3,000 rows at 1,000 a second, in two passes")
                    .isGreaterThan(1);
        }
    }

    /** A lane that waits for first readings, and rests after each batch while its pace grows from a quarter. */
    @Test
    void soItIsUnderAThrottle() throws Exception {
        try (TestEngine engine = TestEngine.throttled(TestPostgres.create())) {
            RunStatus.TimeSpent time = spent(engine, "size: 20 }");
            assertThat(time.pacedSeconds()).isPositive();
        }
    }

    /** Has a run of 3,000 rows made, with what stands in its {@code batch} and behind it. */
    private static RunStatus.TimeSpent spent(TestEngine engine, String batch) throws Exception {
        engine.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, a int, b int)",
                        "INSERT INTO t (id, a) SELECT g, g FROM generate_series(1, 3000) g");
        engine.db().run("CREATE TABLE first AS SELECT * FROM t LIMIT 1", "ALTER TABLE first ADD PRIMARY KEY (id)");
        engine.run("job: first\nmigrate: { table: first, set: { b: a }, where: b IS NULL }"); // loads the classes
        double before = counter(engine, "working") + counter(engine, "paced") + counter(engine, "held");
        UUID id = engine.queue(TestEngine.job(
                        "job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL," + " batch: { " + batch + " }"))
                .id();
        RunStatus run;
        double elapsed;
        try (Connection app = engine.db().connect();
                Statement s = app.createStatement()) {
            app.setAutoCommit(false);
            s.execute("INSERT INTO t (id, a, b) VALUES (9999, 1, 1)"); // the verification waits for its end
            long begin = System.nanoTime();
            var end = engine.carryAside(id);
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                RunStatus now = engine.runs().find(id).orElseThrow();
                return now.limitedBy() != null
                        && known(now.limitedBy()).reason().equals("open-writers")
                        && now.time().heldSeconds() > 2;
            });
            app.commit();
            run = end.get();
            elapsed = (System.nanoTime() - begin) / 1e9;
        }
        assertThat(run.state()).isEqualTo("succeeded");
        RunStatus.TimeSpent time = run.time();
        assertThat(sum(time)).isCloseTo(elapsed, Offset.offset(elapsed * 0.02));
        assertThat(time.heldSeconds()).isGreaterThan(1);
        assertThat(time.workingSeconds()).isPositive();
        // the last moments of a lane are told when it is closed, which may be just after the end of the run
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(counter(engine, "working")
                                + counter(engine, "paced")
                                + counter(engine, "held")
                                - before)
                        .isCloseTo(sum(engine.runs().find(id).orElseThrow().time()), Offset.offset(1e-6)));
        return time;
    }

    private static double sum(RunStatus.TimeSpent time) {
        return time.workingSeconds() + time.pacedSeconds() + time.heldSeconds();
    }
}
