package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stripes of a lane that walks several partitions of one table, whose rows do not lie alike. */
@Timeout(60)
class StripesOfPartitionsTest {
    private static final HookedTime WAITS = new HookedTime();
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();
    private static TestEngine engine;

    /** A millisecond goes by between two looks at the clock, so that batches last. */
    private static final class Ticking implements Time {
        private final AtomicLong looks = new AtomicLong();

        @Override
        public Instant now() {
            return WAITS.now();
        }

        @Override
        public long nanos() {
            return WAITS.nanos() + looks.incrementAndGet() * 1_000_000;
        }

        @Override
        public void pause(Duration length) throws InterruptedException {
            WAITS.pause(length);
        }
    }

    @BeforeAll
    static void start() {
        engine = TestEngine.on(DATABASE, new Ticking());
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @Test
    void rowsThatLieAllOverTheTableDoNotRuleOutStripesForThoseThatLieTogether() throws Exception {
        DATABASE.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, other int,"
                        + " pad text NOT NULL DEFAULT repeat('x', 220))",
                "ALTER TABLE t SET (autovacuum_enabled = false)",
                "INSERT INTO t SELECT g FROM generate_series(0, 29999) g"
                        + " ORDER BY CASE WHEN g < 15500 THEN md5(g::text) ELSE md5((g / 1000)::text) END, g",
                "CREATE INDEX ON t (other)",
                "ANALYZE t");
        // so slow that batches do not grow out of the table
        UUID run = engine.queue(TestEngine.job("job: t\nmigrate: { table: t, set: { n: n + 1 }, partitions: 2,"
                        + " throttle: { rows-per-second: 1000 } }"))
                .id();
        Map<Integer, Integer> most = new TreeMap<>();
        WAITS.atWaits(nth -> {
            for (int partition = 0; partition < 2; partition++) {
                most.merge(partition, stripes(run, partition), Math::max);
            }
        });
        assertThat(engine.execute(run).state()).isEqualTo("succeeded");
        assertThat(most).containsEntry(0, 1).containsEntry(1, 8);
        assertThat(DATABASE.value("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM t"))
                .isEqualTo("30000 1 1");
    }

    private static int stripes(UUID run, int partition) {
        return Integer.parseInt(
                DATABASE.value("SELECT coalesce(max(stripes), 1) FROM sluice.checkpoint WHERE pass = 0 AND partition = "
                        + partition + " AND run_id = '" + run + "'"));
    }
}
