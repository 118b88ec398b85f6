package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Stripes of a range that has begun, and turn out to be too long. */
@Timeout(60)
class FinerStripesTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();
    private static TestEngine engine;

    private final NavigableSet<Integer> stripes = new TreeSet<>();
    private String t = "";
    private UUID run = UUID.randomUUID();

    @BeforeAll
    static void start() {
        engine = TestEngine.on(DATABASE, TIME);
        DATABASE.run("CREATE TABLE most (n int)");
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** The server takes a statement that changes more rows than {@code most} says for one that takes too long. */
    @BeforeEach
    void queue() {
        TIME.free();
        t = "f" + COUNT.incrementAndGet();
        DATABASE.run(
                "DELETE FROM most",
                "CREATE TABLE " + t + " (id text PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO " + t + " SELECT 'k' || g FROM generate_series(1, 8000) g",
                "ANALYZE " + t,
                "CREATE OR REPLACE FUNCTION too_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        + " IF (SELECT count(*) FROM changed) > (SELECT n FROM public.most) THEN"
                        + " RAISE query_canceled; END IF; RETURN NULL; END $$",
                "CREATE TRIGGER too_long AFTER UPDATE ON " + t
                        + " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION too_long()");
        run = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", set: { n: n + 1 }, stripes: 8,"
                        + " batch: { size: 500 }, throttle: { rows-per-second: 100000 } }"))
                .id();
    }

    /** What the checkpoint says: the stripe and, in the set, in how many the range is walked. */
    private int stripe() {
        String[] now = DATABASE.value(
                        "SELECT stripe || ' ' || stripes FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run
                                + "'")
                .split(" ", 2);
        stripes.add(Integer.valueOf(now[1]));
        return Integer.parseInt(now[0]);
    }

    private void everyRowOnce() {
        assertThat(DATABASE.value("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM " + t))
                .isEqualTo("8000 1 1");
        assertThat(DATABASE.value("SELECT sum(scanned) || ' ' || sum(changed) FROM sluice.checkpoint WHERE pass = 0"
                        + " AND run_id = '" + run + "'"))
                .isEqualTo("8000 8000");
    }

    @Test
    void aRangeWhoseStripesTakeTooLongGoesOnInMoreOfThem() throws Exception {
        TIME.atWaits(nth -> {
            if (stripe() > 2 && DATABASE.value("SELECT count(*) FROM most").equals("0")) {
                DATABASE.run("INSERT INTO most VALUES (20)"); // about a 25th of a stripe
            }
        });
        RunStatus end = engine.execute(run);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(stripes).contains(8, 16, 32, 64, 128, 256);
        everyRowOnce();
    }

    @Test
    void aLockedRowMakesStripesNoFinerThanARangeMayBeginWith() throws Exception {
        try (Connection application = DATABASE.connect()) {
            application.setAutoCommit(false);
            var locked = new AtomicInteger();
            TIME.atWaits(nth -> {
                try {
                    if (stripe() > 2 && locked.getAndIncrement() == 0) {
                        try (var s = application.createStatement()) {
                            s.execute("SELECT FROM " + t + " WHERE n = 0 FOR UPDATE");
                        }
                    } else if (locked.get() > 12) {
                        application.rollback();
                    }
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(engine.execute(run).state()).isEqualTo("succeeded");
        }
        assertThat(stripes).contains(8, 16, 32, 64).doesNotContain(128);
        everyRowOnce();
    }
}
