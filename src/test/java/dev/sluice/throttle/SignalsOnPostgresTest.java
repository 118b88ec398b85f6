package dev.sluice.throttle;

import static dev.sluice.throttle.SignalSessions.awaitLevels;
import static dev.sluice.throttle.SignalSessions.pid;
import static dev.sluice.throttle.SignalSessions.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestPostgres;
import dev.sluice.throttle.Measurement.Better;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Signals driven by the real thing, where one ordinary server is enough for that. */
class SignalsOnPostgresTest {
    private final TestPostgres.Fresh postgres = TestPostgres.create();
    private final SignalSessions sessions = new SignalSessions(postgres);
    private Connection sampler = sessions.ours();

    @BeforeEach
    void schema() {
        postgres.run("CREATE SCHEMA app", "CREATE TABLE app.t (id int PRIMARY KEY, n int)");
        postgres.run("INSERT INTO app.t SELECT i, 0 FROM generate_series(1, 10) i");
    }

    @AfterEach
    void end() {
        sessions.close();
    }

    private List<Measurement> read(DatabaseSource source) throws SQLException {
        return source.read(sampler);
    }

    private long oid(String table) {
        return Long.parseLong(postgres.value("SELECT '" + table + "'::regclass::oid"));
    }

    private void awaitWaiting(int pid) {
        awaitLevels(
                List::of,
                nothing -> postgres.value("SELECT wait_event_type FROM pg_stat_activity WHERE pid = " + pid)
                        .equals("Lock"));
    }

    @Test
    void whoWaitsBehindABatchIsCounted() throws Exception {
        assertThat(read(new LockWaits())).containsExactly(Measurement.of("limit", "", 0, "0 sessions"));
        Connection batch = sessions.ours();
        run(batch, "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 1");
        Connection first = sessions.app("shop");
        int firstPid = pid(first);
        sessions.start(first, "UPDATE app.t SET n = 2 WHERE id = 1");
        awaitWaiting(firstPid);
        assertThat(read(new LockWaits())).containsExactly(Measurement.of("limit", "", 1, "1 session"));
        // waits for the first, which holds the place in the queue
        Connection second = sessions.app("shop");
        int secondPid = pid(second);
        sessions.start(second, "UPDATE app.t SET n = 3 WHERE id = 1");
        awaitWaiting(secondPid);
        // one of ours that waits is our own affair
        Connection own = sessions.ours();
        int ownPid = pid(own);
        sessions.start(own, "UPDATE app.t SET n = 4 WHERE id = 1");
        awaitWaiting(ownPid);
        assertThat(read(new LockWaits())).containsExactly(Measurement.of("limit", "", 2, "2 sessions"));
        run(batch, "ROLLBACK");
        awaitLevels(() -> read(new LockWaits()), l -> l.getFirst().value() == 0);
    }

    @Test
    void whoWaitsForTheApplicationIsNot() throws Exception {
        Connection holder = sessions.app("shop");
        run(holder, "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 1");
        Connection waiter = sessions.app("shop");
        int waiting = pid(waiter);
        sessions.start(waiter, "UPDATE app.t SET n = 2 WHERE id = 1");
        awaitWaiting(waiting);
        assertThat(read(new LockWaits()).getFirst().value()).isZero();
    }

    @Test
    void sessionsAtWorkAreCountedPerCore() throws Exception {
        run(sessions.app("idle"), "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 1");
        Connection waiter = sessions.app("shop");
        int waiting = pid(waiter);
        sessions.start(waiter, "UPDATE app.t SET n = 2 WHERE id = 1");
        awaitWaiting(waiting);
        sessions.start(sessions.ours(), "SELECT pg_sleep(600)");
        for (int i = 0; i < 3; i++) {
            sessions.start(sessions.app("shop"), "SELECT pg_sleep(600)");
        }
        List<Measurement> three = awaitLevels(
                () -> read(new ActiveSessions("main", OptionalInt.of(2))),
                l -> l.getFirst().value() == 1.5);
        assertThat(three.getFirst().text()).isEqualTo("1.5 (3 on 2 cores)");
        assertThat(three.getFirst().measure()).isEqualTo("limit");
        var time = new SteppedTime();
        var activity = new Activity(time);
        assertThat(activity.every()).isEqualTo(Duration.ofMillis(100));
        for (int i = 1; i < Activity.ENOUGH; i++) {
            assertThat(read(activity)).as("too few counts").isEmpty();
            time.step(activity.every());
        }
        assertThat(read(activity).getFirst().value())
                .as("neither ours nor who waits for a lock")
                .isEqualTo(3);
        assertThat(activity.every()).isEqualTo(Duration.ofMillis(250));
        // the mean of three readings
        var smoothed = new ActiveSessions("main", OptionalInt.of(1));
        assertThat(read(smoothed).getFirst().value()).isEqualTo(3);
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                + " WHERE application_name = 'shop' AND query LIKE '%pg_sleep%' AND datname = current_database()");
        awaitLevels(
                () -> read(new ActiveSessions("main", OptionalInt.of(2))),
                l -> l.getFirst().value() == 0);
        time.step(Duration.ofMillis(250));
        assertThat(read(activity).getFirst().value()).as("the mean of 11").isEqualTo(30 / 11.0);
        time.step(Duration.ofMillis(4749));
        assertThat(read(activity).getFirst().value())
                .as("seldom read: of the last ten")
                .isEqualTo(24 / 10.0);
        time.step(Duration.ofMillis(5000));
        assertThat(read(activity)).as("begun anew").isEmpty();
        assertThat(read(smoothed).getFirst().value()).isEqualTo(1.5);
        assertThat(read(smoothed).getFirst().text()).isEqualTo("1 (1 on 1 core)");
        assertThat(read(smoothed).getFirst().value()).isZero();
    }

    @Test
    void statementsThatNoCountHasSeenAreSeenByTheirTime() throws Exception {
        Connection shop = sessions.app("shop");
        Connection ours = sessions.ours();
        var time = new SteppedTime();
        var activity = new Activity(time);
        for (int i = 1; i < Activity.ENOUGH; i++) {
            assertThat(read(activity)).isEmpty();
            time.step(activity.every());
            run(ours, "SELECT pg_sleep(0.05)");
            run(shop, "SELECT pg_sleep(0.02)");
        }
        assertThat(read(activity).getFirst().value())
                .as("20 ms of each 100, and not ours")
                .isBetween(0.1, 0.4);
        for (int i = 0; i < 20; i++) {
            run(shop, "SELECT pg_sleep(0.15)");
            time.step(Duration.ofMillis(100));
            read(activity);
        }
        assertThat(read(activity).getFirst().value())
                .as("what was before the last count is not counted again")
                .isBetween(0.4, 1.0);
    }

    /** The server tells what such a session waits for, and nothing else of it. */
    @Test
    void aSessionThatIsNotTrackedIsBusyUnlessItWaitsForItsClient() throws Exception {
        Connection untracked = sessions.app("untracked");
        int pid = pid(untracked);
        run(untracked, "SET track_activities = off");
        var cores = OptionalInt.of(1);
        assertThat(read(new ActiveSessions("main", cores)).getFirst().value()).isZero();
        sessions.start(untracked, "SELECT pg_sleep(600)");
        awaitLevels(
                () -> read(new ActiveSessions("main", cores)), l -> l.getFirst().value() == 1);
        var time = new SteppedTime();
        var activity = new Activity(time);
        for (int i = 1; i < Activity.ENOUGH; i++) {
            read(activity);
            time.step(activity.every());
        }
        assertThat(read(activity).getFirst().value()).isEqualTo(1);
        postgres.run("SELECT pg_cancel_backend(" + pid + ")");
    }

    /** It has no statement that could have taken time. */
    @Test
    void aSessionThatLogsInAndAsksNothingIsNotBusy() throws Exception {
        var time = new SteppedTime();
        var activity = new Activity(time);
        for (int i = 1; i < Activity.ENOUGH; i++) {
            read(activity);
            time.step(Duration.ofSeconds(4));
        }
        postgres.connect().close();
        Connection silent = sessions.app("silent");
        assertThat(read(activity).getFirst().value())
                .as(() -> String.valueOf(silent))
                .isLessThan(0.01);
    }

    @Test
    void theOldestTransactionIsNamedWithItsAge() throws Exception {
        assertThat(read(new OldestTransaction())).isEmpty();
        // neither holds anything back: no snapshot, no change; and one of ours
        run(sessions.app("harmless"), "BEGIN");
        run(sessions.ours(), "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 1");
        assertThat(read(new OldestTransaction())).isEmpty();

        Connection reporting = sessions.app("reporting");
        run(reporting, "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM app.t");
        run(sessions.app("later"), "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 2");
        Measurement oldest = read(new OldestTransaction()).getFirst();
        assertThat(oldest.subject()).isEqualTo("pid " + pid(reporting) + " (reporting)");
        assertThat(oldest.measure()).isEqualTo("limit");
        double age = Double.parseDouble(postgres.value("SELECT extract(epoch FROM clock_timestamp() - xact_start)"
                + " FROM pg_stat_activity WHERE pid = " + pid(reporting)));
        assertThat(oldest.value()).isPositive().isCloseTo(age, within(5.0)).isLessThan(age);
        assertThat(oldest.text()).isEqualTo(Amount.seconds(oldest.value()));
    }

    @Test
    void aPreparedTransactionCounts() throws Exception {
        String gid = "left behind " + postgres.url().replaceAll(".*/", "");
        postgres.run("BEGIN; UPDATE app.t SET n = 1 WHERE id = 1; PREPARE TRANSACTION '" + gid + "'");
        try {
            run(sessions.app("later"), "BEGIN", "UPDATE app.t SET n = 1 WHERE id = 2");
            Measurement oldest = read(new OldestTransaction()).getFirst();
            assertThat(oldest.subject()).isEqualTo("prepared transaction " + gid);
            assertThat(oldest.value()).isPositive();
        } finally {
            postgres.run("ROLLBACK PREPARED '" + gid + "'");
        }
        assertThat(read(new OldestTransaction()).getFirst().subject()).contains("later");
    }

    @Test
    void aReaderOfAnotherDatabaseHoldsNothingHereAndAWriterDoes() throws Exception {
        TestPostgres.Fresh other = TestPostgres.create();
        other.run("CREATE TABLE o (n int)");
        try (SignalSessions there = new SignalSessions(other)) {
            run(there.app("reader"), "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT * FROM o");
            assertThat(read(new OldestTransaction())).isEmpty();
            run(there.app("writer"), "BEGIN", "INSERT INTO o VALUES (1)");
            assertThat(read(new OldestTransaction()).getFirst().subject()).contains("(writer)");
        }
    }

    @Test
    void deadRowsAreAShareOfAll() throws Exception {
        postgres.run(
                "CREATE TABLE app.d (id int) WITH (autovacuum_enabled = off)",
                "INSERT INTO app.d SELECT generate_series(1, 30000)",
                "DELETE FROM app.d WHERE id <= 20000");
        List<Measurement> levels = awaitLevels(
                () -> read(new DeadTuples(oid("app.d"))), l -> l.getFirst().value() > 0);
        assertThat(levels.getFirst().value()).isCloseTo(2 / 3.0, within(0.001));
        assertThat(levels.getFirst().text()).isEqualTo("66.6% (20000 of 30000 rows)");
    }

    @Test
    void afterTheStatisticsAreLostTheCatalogKnowsTheRows() throws Exception {
        postgres.run(
                "CREATE TABLE app.lost (id int, n int) WITH (autovacuum_enabled = off)",
                "INSERT INTO app.lost SELECT g, 0 FROM generate_series(1, 40000) g",
                "ANALYZE app.lost",
                "SELECT pg_stat_reset_single_table_counters('app.lost'::regclass)",
                "UPDATE app.lost SET n = 1 WHERE id <= 20000");
        List<Measurement> levels = awaitLevels(
                () -> read(new DeadTuples(oid("app.lost"))), l -> l.getFirst().value() > 0);
        assertThat(levels.getFirst().value()).as("20,000 of 60,000").isBetween(0.3, 0.36);
    }

    @Test
    void deadRowsAreSummedOverTheLeaves() throws Exception {
        postgres.run(
                "CREATE TABLE app.p (id int) PARTITION BY RANGE (id)",
                "CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (15001) WITH (autovacuum_enabled = off)",
                "CREATE TABLE app.p2 PARTITION OF app.p DEFAULT PARTITION BY LIST (id)",
                "CREATE TABLE app.p3 PARTITION OF app.p2 DEFAULT WITH (autovacuum_enabled = off)",
                "INSERT INTO app.p SELECT generate_series(1, 30000)",
                "DELETE FROM app.p WHERE id BETWEEN 9001 AND 21000");
        List<Measurement> levels = awaitLevels(
                () -> read(new DeadTuples(oid("app.p"))), l -> l.getFirst().value() > 0);
        assertThat(levels.getFirst().value()).isCloseTo(0.4, within(0.001));
    }

    @Test
    void aFewDeadRowsAreNobodysBurden() throws Exception {
        postgres.run(
                "CREATE TABLE app.f (id int) WITH (autovacuum_enabled = off)",
                "INSERT INTO app.f SELECT generate_series(1, 100)",
                "DELETE FROM app.f");
        List<Measurement> levels = awaitLevels(
                () -> read(new DeadTuples(oid("app.f"))),
                l -> l.getFirst().text().equals("100 dead rows"));
        assertThat(levels.getFirst().value()).isZero();
        assertThat(read(new DeadTuples(4_000_000_000L)).getFirst().text()).isEqualTo("0 dead rows"); // dropped since
    }

    @Test
    void aVacuumAtWorkOnTheTableOrALeafIsSeenWithItsAge() throws Exception {
        postgres.run(
                "CREATE TABLE app.v (id int, t text) PARTITION BY RANGE (id)",
                "CREATE TABLE app.v1 PARTITION OF app.v DEFAULT WITH (autovacuum_enabled = off)",
                "INSERT INTO app.v SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i",
                "DELETE FROM app.v");
        Autovacuum ofTable = new Autovacuum(oid("app.v"));
        assertThat(read(ofTable)).isEmpty();
        Connection vacuum = sessions.app("maintenance");
        run(vacuum, "SET vacuum_cost_delay = '100ms'", "SET vacuum_cost_limit = 1");
        sessions.start(vacuum, "VACUUM app.v1");
        Measurement level = awaitLevels(() -> read(ofTable), l -> !l.isEmpty()).getFirst();
        assertThat(level.subject()).isEqualTo("app.v1");
        assertThat(level.hard()).isFalse();
        assertThat(level.better()).isEqualTo(Better.LESS);
        assertThat(level.text()).startsWith("at work for ");
        Measurement later = read(ofTable).getFirst();
        assertThat(later.value()).isGreaterThan(level.value());
        assertThat(read(new Autovacuum(oid("app.v1")))).hasSize(1);
        assertThat(read(new Autovacuum(oid("app.t")))).isEmpty();
        // it holds no dead rows back, so it is no old transaction
        assertThat(read(new OldestTransaction())).isEmpty();
    }
}
