package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.StoppableServer;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Limits of rows and of WAL, kept by real runs: what the database says was done, by its own clock. */
@Timeout(120)
class RatedRunsTest {
    private static final Duration SETTLING = Duration.ofSeconds(3);
    private static final Duration WATCHED = Duration.ofSeconds(8);

    private final Time time = Time.system();

    /**
     * What a database has counted.
     *
     * @param seconds by its clock
     * @param value so far
     */
    private record Sample(double seconds, double value) {
        static Sample of(TestPostgres.Fresh db, String counted) {
            String[] now = db.value("SELECT extract(epoch FROM clock_timestamp()) || ' ' || (" + counted + ")")
                    .split(" ", -1);
            return new Sample(Double.parseDouble(now[0]), Double.parseDouble(now[1]));
        }

        double perSecondSince(Sample before) {
            return (value - before.value) / (seconds - before.seconds);
        }
    }

    /** How much more was counted in a second, once it has settled. */
    private double perSecond(TestPostgres.Fresh db, String counted) throws InterruptedException {
        time.pause(SETTLING);
        Sample from = Sample.of(db, counted);
        time.pause(WATCHED);
        return Sample.of(db, counted).perSecondSince(from);
    }

    private static UUID plus(TestEngine engine, String table) {
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, pad text)"
                                + " WITH (autovacuum_enabled = off)",
                        "INSERT INTO " + table + " SELECT g, 0, repeat('x', 100) FROM generate_series(1, 200000) g",
                        "ANALYZE " + table);
        return engine.queue(TestEngine.job("job: " + table + "\nmigrate: { table: " + table + ", set: { n: n + 1 } }"))
                .id();
    }

    @Test
    void twoRunsTogetherKeepTheRateOfTheirDatabase() throws Exception {
        int limit = 4000;
        var limits = new DatabaseLimits(Optional.of(limit), Optional.empty());
        try (TestEngine engine = TestEngine.limited(TestPostgres.create(), time, limits)) {
            UUID one = plus(engine, "one");
            UUID two = plus(engine, "two");
            var first = engine.carryAside(one);
            var second = engine.carryAside(two);
            double rate = perSecond(engine.db(), "SELECT sum(scanned) FROM sluice.checkpoint");
            RunStatus seen = engine.runs().find(one).orElseThrow();
            engine.runs().cancel(one, TestEngine.TESTER);
            engine.runs().cancel(two, TestEngine.TESTER);
            first.get(20, TimeUnit.SECONDS);
            second.get(20, TimeUnit.SECONDS);
            assertThat(rate).isBetween(limit * 0.9, limit * 1.05);
            assertThat(engine.runs().find(one).orElseThrow().progress().scanned())
                    .as("both go on")
                    .isGreaterThan(limit);
            assertThat(engine.runs().find(two).orElseThrow().progress().scanned())
                    .isGreaterThan(limit);
            assertThat(seen.limitedBy()).isNotNull().satisfies(l -> {
                assertThat(l.reason()).isEqualTo("database-rows-per-second");
                assertThat(l.message()).isEqualTo("paced to the 4000 rows/s of database \"main\", which 2 lanes share");
            });
        }
    }

    @Test
    void aBudgetOfWalIsKeptWithinATenth(@TempDir Path folder) throws Exception {
        double perSecond = 1_000_000;
        long perHour = (long) (perSecond * 3600);
        try (StoppableServer server = StoppableServer.start(folder.resolve("data"));
                TestEngine engine = TestEngine.limited(
                        server.database(), time, new DatabaseLimits(Optional.empty(), Optional.of(perHour)))) {
            UUID id = plus(engine, "wal");
            var carried = engine.carryAside(id);
            double wal = perSecond(engine.db(), "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn");
            RunStatus seen = engine.runs().find(id).orElseThrow();
            engine.runs().cancel(id, TestEngine.TESTER);
            carried.get(20, TimeUnit.SECONDS);
            assertThat(wal).isBetween(perSecond * 0.9, perSecond * 1.1);
            assertThat(seen.limitedBy())
                    .isNotNull()
                    .satisfies(l -> assertThat(l.reason()).isEqualTo("database-wal-per-hour"));
        }
    }

    /** A budget so small that a batch is paid for in minutes: it is looked at anew meanwhile. */
    @Test
    void aTunedBudgetIsHeardWhileMuchIsOwed() throws Exception {
        HookedTime stepped = new HookedTime();
        try (TestEngine engine = TestEngine.on(TestPostgres.create(), stepped)) {
            engine.db()
                    .run(
                            "CREATE FUNCTION little() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.wal_per_hour = "
                                    + SettingsChange.LEAST_WAL + "; RETURN NEW; END $$",
                            "CREATE TRIGGER little BEFORE INSERT ON sluice.run_wanted FOR EACH ROW EXECUTE FUNCTION little()");
            UUID id = plus(engine, "slow");
            var unlimited = new SettingsChange(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.of(0L), Optional.empty());
            stepped.atWait(12, nth -> {
                assertThat(engine.runs().find(id).orElseThrow().settings().walPerHour())
                        .isEqualTo(SettingsChange.LEAST_WAL);
                assertThat(engine.runs().tune(id, unlimited, TestEngine.TESTER).settings())
                        .isEqualTo(new RunStatus.Settings(Duration.ofMillis(200), 1000, null, null, null));
            });
            assertThat(engine.execute(id).state()).isEqualTo("succeeded");
            assertThat(Duration.ofNanos(stepped.nanos()))
                    .as("the first batch alone would be paid for in ten minutes")
                    .isLessThan(Duration.ofMinutes(1));
        }
    }
}
