package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.Evidence;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a run while partitions of its table are attached, detached, dropped and renamed. */
@Timeout(60)
class ChangingPartitionsTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(TestPostgres.create(), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** Leaves {@code _1} and {@code _2} of 200 rows each, and {@code _3} of 100 rows beside the table. */
    @BeforeEach
    void table() {
        TIME.free();
        t = "p" + COUNT.incrementAndGet();
        String columns = " (k int NOT NULL, id int NOT NULL, n int NOT NULL DEFAULT 0, b int, PRIMARY KEY (k, id))";
        run("CREATE TABLE T" + columns + " PARTITION BY LIST (k)");
        run("CREATE TABLE T_1 PARTITION OF T FOR VALUES IN (1)");
        run("CREATE TABLE T_2 PARTITION OF T FOR VALUES IN (2)");
        run("CREATE TABLE T_3" + columns);
        run("INSERT INTO T SELECT 1 + g % 2, g FROM generate_series(1, 400) g");
        run("INSERT INTO T_3 SELECT 3, g FROM generate_series(1, 100) g");
    }

    /** In the statement, T is this test's table. */
    private void run(String sql) {
        engine.db().run(sql.replace("T_", t + "_").replaceAll("\\bT\\b", t));
    }

    private long count(String from) {
        return Long.parseLong(engine.db()
                .value("SELECT count(*) FROM " + from.replace("T_", t + "_").replaceAll("\\bT\\b", t)));
    }

    private UUID once() {
        return queue("set: { n: n + 1 }");
    }

    private UUID copy() {
        return queue("set: { b: id * 2 }, where: b IS NULL");
    }

    private UUID queue(String change) {
        return engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", " + change
                        + ", throttle: { rows-per-second: 50 } }"))
                .id();
    }

    /** Does this once, at the first wait in this state with at least so many keys walked in the pass. */
    private void when(UUID id, String state, long scanned, String... sql) {
        AtomicBoolean done = new AtomicBoolean();
        TIME.atWaits(nth -> {
            RunStatus now = engine.runs().find(id).orElseThrow();
            if (!done.get() && now.state().equals(state) && known(now.progress().scanned()) >= scanned) {
                done.set(true);
                for (String s : sql) {
                    run(s);
                }
            }
        });
    }

    private RunStatus execute(UUID id) throws InterruptedException {
        RunStatus end = engine.execute(id);
        TIME.free();
        return end;
    }

    private void assertSucceeded(RunStatus run) {
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
    }

    private Evidence evidence() {
        return known(engine.runs().newest(t).orElseThrow().evidence());
    }

    private long gone() {
        return count("sluice.event WHERE action = 'partition.gone' AND job = 'T'");
    }

    private static final String ATTACH = "ALTER TABLE T ATTACH PARTITION T_3 FOR VALUES IN (3)";

    @Test
    void aLeafThatIsAttachedInMidRunIsChangedOnceToo() throws Exception {
        UUID id = once();
        when(id, "running", 100, ATTACH);
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(500);
        assertThat(evidence().rows()).isEqualTo(500);
        assertThat(count("sluice.event WHERE action = 'partition.attached' AND job = 'T' AND detail LIKE '%T_3%'"))
                .isEqualTo(1);
    }

    @Test
    void aLeafThatIsAttachedInMidRunIsChangedAndVerified() throws Exception {
        UUID id = copy();
        when(id, "running", 100, ATTACH);
        assertSucceeded(execute(id));
        assertThat(count("T WHERE b = id * 2")).isEqualTo(500);
        assertThat(evidence().rows()).isEqualTo(500);
    }

    @Test
    void aLeafThatIsAttachedInMidVerificationIsChangedAndVerified() throws Exception {
        UUID id = copy();
        when(id, "verifying", 100, ATTACH);
        assertSucceeded(execute(id));
        assertThat(count("T WHERE b = id * 2")).isEqualTo(500);
        assertThat(evidence().rows()).isEqualTo(500);
    }

    @Test
    void aLeafThatIsAttachedWhileAnotherIsWalkedIsChangedOnceToo() throws Exception {
        UUID id = once();
        run("CREATE TABLE T_4 (LIKE T INCLUDING ALL)");
        run("INSERT INTO T_4 SELECT 4, g FROM generate_series(1, 100) g");
        AtomicBoolean second = new AtomicBoolean();
        when(id, "running", 100, ATTACH);
        TIME.atWaits(nth -> {
            RunStatus now = engine.runs().find(id).orElseThrow();
            if (nth == 3) {
                run(ATTACH);
            } else if (now.state().equals("sweeping") && !second.getAndSet(true)) {
                run("ALTER TABLE T ATTACH PARTITION T_4 FOR VALUES IN (4)");
            }
        });
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(600);
    }

    @Test
    void aRenewalLooksAtALeafThatWasAttachedSince() throws Exception {
        UUID id = copy();
        assertSucceeded(execute(id));
        run("UPDATE T_3 SET b = id * 2");
        when(id, "succeeded", 100, ATTACH);
        assertSucceeded(execute(id));
        assertThat(evidence().rows()).isEqualTo(500);
        run("ALTER TABLE T DETACH PARTITION T_3");
        run("UPDATE T_3 SET b = 0 WHERE id = 7");
        when(id, "succeeded", 100, ATTACH);
        RunStatus stale = execute(id);
        assertThat(stale.state()).isEqualTo("incomplete");
        assertThat(known(stale.failure()).message()).contains("1 of 500 rows no longer hold");
    }

    /** Keys that the run's verifications have walked, pass by pass. */
    private String looked() {
        return engine.db()
                .value(("SELECT string_agg(n::text, ' ' ORDER BY pass) FROM (SELECT c.pass, sum(c.scanned) AS n"
                                + " FROM sluice.checkpoint c JOIN sluice.pass p USING (run_id, pass)"
                                + " JOIN sluice.run r ON r.id = c.run_id WHERE r.job = 'T' AND p.kind = 'verify'"
                                + " GROUP BY c.pass) AS each_pass")
                        .replaceAll("\\bT\\b", t));
    }

    @Test
    void whatWasVerifiedIsNotLookedAtAgainForALeafThatCame() throws Exception {
        UUID id = copy();
        run("CREATE TABLE T_4 (LIKE T INCLUDING ALL)");
        run("INSERT INTO T_4 SELECT 4, g FROM generate_series(1, 100) g");
        AtomicInteger attached = new AtomicInteger();
        TIME.atWaits(nth -> {
            RunStatus now = engine.runs().find(id).orElseThrow();
            if (now.state().equals("verifying") && known(now.progress().scanned()) >= 50 && attached.get() < 2) {
                run(attached.incrementAndGet() == 1 ? ATTACH : "ALTER TABLE T ATTACH PARTITION T_4 FOR VALUES IN (4)");
            }
        });
        assertSucceeded(execute(id));
        assertThat(attached.get()).isEqualTo(2);
        assertThat(looked()).isIn("400 100 100", "400 200");
        assertThat(evidence().rows()).isEqualTo(600);
        assertThat(count("T WHERE b = id * 2")).isEqualTo(600);
    }

    @Test
    void aRenewalGoesOnWithWhatCame() throws Exception {
        UUID id = copy();
        assertSucceeded(execute(id));
        run("UPDATE T_3 SET b = id * 2");
        when(id, "succeeded", 100, ATTACH);
        assertSucceeded(execute(id));
        assertThat(looked()).isEqualTo("400 100");
        assertThat(evidence().rows()).isEqualTo(500);
        assertThat(known(evidence().verifiedUntil())).isAfter(evidence().verifiedAsOf());
    }

    @Test
    void whatWasSeenInALeafThatWentSinceDoesNotCount() throws Exception {
        UUID id = copy();
        assertSucceeded(execute(id));
        run("UPDATE T_1 SET b = 0 WHERE id = 8");
        run("UPDATE T_3 SET b = id * 2");
        AtomicBoolean done = new AtomicBoolean();
        TIME.atWaits(nth -> {
            if (!done.get()
                    && known(engine.runs().find(id).orElseThrow().progress().scanned()) >= 300) {
                done.set(true);
                run("ALTER TABLE T DETACH PARTITION T_1");
                run(ATTACH);
            }
        });
        assertSucceeded(execute(id));
        assertThat(done).isTrue();
        assertThat(evidence().rows()).isEqualTo(300);
    }

    @Test
    void aLeafThatIsDroppedInMidWalkIsDone() throws Exception {
        UUID id = once();
        when(id, "running", 100, "DROP TABLE T_1");
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(200);
        assertThat(gone()).isEqualTo(1);
    }

    @Test
    void aLeafThatIsDroppedBeforeItIsBegunIsDone() throws Exception {
        UUID id = once();
        when(id, "running", 100, "DROP TABLE T_2");
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(200);
        assertThat(gone()).isEqualTo(1);
    }

    @Test
    void aLeafThatIsDroppedInMidVerificationIsDone() throws Exception {
        UUID id = copy();
        when(id, "verifying", 100, "DROP TABLE T_1");
        assertSucceeded(execute(id));
        assertThat(gone()).isEqualTo(1);
    }

    @Test
    void aLeafThatIsDetachedInMidWalkIsNotChangedFurther() throws Exception {
        UUID id = once();
        AtomicInteger changed = new AtomicInteger(-1);
        TIME.atWait(3, nth -> {
            run("ALTER TABLE T DETACH PARTITION T_1");
            changed.set((int) count("T_1 WHERE n = 1"));
        });
        assertSucceeded(execute(id));
        assertThat(changed.get()).isBetween(1, 199);
        assertThat(count("T_1 WHERE n = 1")).isEqualTo(changed.get());
        assertThat(count("T WHERE n = 1")).isEqualTo(200);
        assertThat(gone()).isEqualTo(1);
    }

    @Test
    void aLeafThatWasDetachedForAWhileIsGoneOnWithWhereItStopped() throws Exception {
        UUID id = once();
        TIME.atWaits(nth -> {
            if (nth == 3) {
                run("ALTER TABLE T DETACH PARTITION T_1");
            } else if (nth == 6) {
                run("ALTER TABLE T ATTACH PARTITION T_1 FOR VALUES IN (1)");
            }
        });
        assertSucceeded(execute(id));
        assertThat(gone()).isEqualTo(1);
        assertThat(count("T WHERE n = 1")).isEqualTo(400);
        assertThat(evidence().rows()).isEqualTo(400);
    }

    @Test
    void aLeafThatIsRenamedIsGoneOnWithUnderItsNewName() throws Exception {
        UUID id = once();
        TIME.atWait(3, nth -> {
            run("ALTER TABLE T_1 RENAME TO T_one");
            run("ALTER TABLE T_2 RENAME TO T_two");
        });
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(400);
        assertThat(gone()).isZero();
    }

    @Test
    void anotherTableUnderTheNameOfALeafIsNotChanged() throws Exception {
        UUID id = once();
        TIME.atWait(3, nth -> {
            run("ALTER TABLE T_1 RENAME TO T_one");
            run("ALTER TABLE T_3 RENAME TO T_1");
        });
        assertSucceeded(execute(id));
        assertThat(count("T WHERE n = 1")).isEqualTo(400);
        assertThat(count("T_1 WHERE n > 0")).isZero();
        assertThat(gone()).isZero();
    }

    @Test
    void anotherTableUnderTheNameOfTheJobsOwnIsNotChanged() throws Exception {
        run("CREATE TABLE T_plain (LIKE T INCLUDING ALL)");
        run("INSERT INTO T_plain SELECT * FROM T");
        UUID id = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                        + "_plain, set: { n: n + 1 }, throttle: { rows-per-second: 50 } }"))
                .id();
        AtomicLong changed = new AtomicLong();
        TIME.atWait(3, nth -> {
            changed.set(count("T_plain WHERE n = 1"));
            run("ALTER TABLE T_plain RENAME TO T_old");
            run("ALTER TABLE T_3 RENAME TO T_plain");
        });
        RunStatus run = execute(id);
        assertThat(run.state()).isEqualTo("failed");
        assertThat(known(run.failure()).code()).isEqualTo("table-replaced");
        assertThat(known(run.failure()).message()).contains(t + "_plain any more: it is public." + t + "_old now.");
        assertThat(changed.get()).isBetween(1L, 399L);
        assertThat(count("T_old WHERE n = 1")).isEqualTo(changed.get());
        assertThat(count("T_plain WHERE n > 0")).isZero();

        run("ALTER TABLE T_plain RENAME TO T_3");
        run("ALTER TABLE T_old RENAME TO T_plain");
        UUID again = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                        + "_plain, set: { n: n + 1 }, throttle: { rows-per-second: 50 } }"))
                .id();
        assertThat(again).isEqualTo(id);
        assertSucceeded(execute(again));
        assertThat(count("T_plain WHERE n = 1")).isEqualTo(400);
    }

    @Test
    void anotherTableUnderTheNameOfALeafIsNotTakenForNewRows() throws Exception {
        UUID id = once();
        TIME.atWait(7, nth -> {
            run("ALTER TABLE T DETACH PARTITION T_1");
            run("ALTER TABLE T_1 RENAME TO T_old");
            run("CREATE TABLE T_1 (LIKE T INCLUDING ALL)");
            run("INSERT INTO T_1 SELECT * FROM T_old");
            run("ALTER TABLE T ATTACH PARTITION T_1 FOR VALUES IN (1)");
        });
        RunStatus run = execute(id);
        assertThat(run.state()).isEqualTo("failed");
        assertThat(known(run.failure()).code()).isEqualTo("partition-replaced");
        assertThat(count("T WHERE n = 1")).as("none twice").isEqualTo(400);
    }
}
