package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The row that makes a run fail is named, whatever the batch was; and where no row fails alone, the run goes on. */
@Timeout(120)
class FailingRowTest {
    private static final int ROWS = 8000;
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(DATABASE, TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        TIME.free();
        t = "r" + COUNT.incrementAndGet();
        DATABASE.run(
                "CREATE TABLE " + t + " (a int, b text, n int NOT NULL DEFAULT 0, v text NOT NULL DEFAULT 'x',"
                        + " PRIMARY KEY (a, b))",
                "INSERT INTO " + t + " SELECT g / 10, 'k' || g % 10 FROM generate_series(0, " + (ROWS - 1) + ") g",
                "ANALYZE " + t);
    }

    private UUID queue(String migrate) {
        return engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", " + migrate
                        + ", throttle: { rows-per-second: 1000000 } }"))
                .id();
    }

    private RunStatus failed(UUID run, int a, String b) throws InterruptedException {
        RunStatus end = engine.execute(run);
        assertThat(end.state()).isEqualTo("failed");
        assertThat(known(end.failure()).row()).isEqualTo(Map.of("a", "" + a, "b", b));
        return end;
    }

    private long count(String condition) {
        return Long.parseLong(DATABASE.value("SELECT count(*) FROM " + t + " WHERE " + condition));
    }

    private void assertItSucceedsOnce(UUID run, String migrate) throws InterruptedException {
        assertThat(queue(migrate)).isEqualTo(run);
        assertThat(engine.execute(run).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(ROWS);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4095, 4096, 7998, 7999})
    void inABatchOfAnySizeWhereverItIs(int row) throws Exception {
        DATABASE.run(
                "ALTER TABLE " + t + " ADD CONSTRAINT no CHECK (a * 10 + right(b, 1)::int <> " + row + " OR n = 0)");
        String migrate = "set: { n: n + 1 }, batch: { size: 5000 }, stripes: off";
        UUID run = queue(migrate);
        RunStatus.Failure failure = known(failed(run, row / 10, "k" + row % 10).failure());
        assertThat(failure.code()).isEqualTo("data-error");
        assertThat(known(failure.serverDetail())).contains("Failing row contains (" + row / 10 + ", k" + row % 10);
        assertThat(failure.message())
                .contains("23514 check_violation, constraint \"no\"")
                .doesNotContain("k" + row % 10);
        assertThat(count("n = 1"))
                .as("everything before it is done, nothing after it")
                .isEqualTo(row);
        DATABASE.run("ALTER TABLE " + t + " DROP CONSTRAINT no");
        assertItSucceedsOnce(run, migrate);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 777, 3999, 4000, 7999})
    void inAStripeOfARangeThatHasBegun(int row) throws Exception {
        DATABASE.run(
                "ALTER TABLE " + t + " ADD CONSTRAINT no CHECK (a * 10 + right(b, 1)::int <> " + row + " OR n = 0)");
        String migrate = "set: { n: n + 1 }, batch: { size: 500 }, stripes: 8";
        UUID run = queue(migrate);
        failed(run, row / 10, "k" + row % 10);
        assertThat(count("n > 1")).isZero();
        DATABASE.run("ALTER TABLE " + t + " DROP CONSTRAINT no");
        assertItSucceedsOnce(run, migrate);
    }

    @Test
    void whereTheConstraintIsDeferred() throws Exception {
        DATABASE.run(
                "CREATE TABLE p_" + t + " (n int PRIMARY KEY)",
                "INSERT INTO p_" + t + " VALUES (0), (1)",
                "ALTER TABLE " + t + " ADD CONSTRAINT f FOREIGN KEY (n) REFERENCES p_" + t
                        + " DEFERRABLE INITIALLY DEFERRED");
        for (String how : new String[] {"stripes: off", "stripes: 8"}) {
            DATABASE.run("UPDATE " + t + " SET n = 0");
            String name = t + "-" + how.substring(how.length() - 1);
            UUID run = engine.queue(TestEngine.job("job: " + name + "\nmigrate: { table: " + t
                            + ", set: { n: \"CASE WHEN a = 555 AND b = 'k5' THEN 2 ELSE 1 END\" }, batch: { size: 500 }, "
                            + how + " }"))
                    .id();
            failed(run, 555, "k5");
        }
    }

    @Test
    void inTheVerification() throws Exception {
        DATABASE.run("UPDATE " + t + " SET v = CASE WHEN a = 123 AND b = 'k4' THEN 'anna' ELSE '1' END");
        UUID run = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                        + ", set: { n: n + 1 }, throttle: { rows-per-second: 1000000 } }"
                        + "\nswitch: { verify: \"v::int = n\" }"))
                .id();
        RunStatus end = failed(run, 123, "k4");
        assertThat(known(end.failure()).serverMessage()).contains("anna");
        assertThat(count("n = 1")).isEqualTo(ROWS);
    }

    @Test
    void ofAnInsertItIsTheSourceRow() throws Exception {
        DATABASE.run("CREATE TABLE into_" + t + " (a int, b text, c int CHECK (c <> 4321), PRIMARY KEY (a, b))");
        UUID run = queue("insert: { into: into_" + t + ", columns: { a: a, b: b, c: \"a * 10 + right(b, 1)::int\" },"
                + " conflict: { columns: [a, b], do: nothing } }");
        failed(run, 432, "k1");
        assertThat(DATABASE.value("SELECT count(*) FROM into_" + t)).isEqualTo("4321");
    }

    @Test
    void anErrorUnderAnotherClassNamesItsRowToo() throws Exception {
        DATABASE.run("UPDATE " + t + " SET v = CASE WHEN a = 700 AND b = 'k0' THEN 'anna' ELSE 'english' END");
        RunStatus end = failed(queue("set: { n: \"length(to_tsvector(v::regconfig, 'x')::text)\" }"), 700, "k0");
        assertThat(known(end.failure()).sqlState()).isEqualTo("42704");
        assertThat(known(end.failure()).message()).contains("at one row");
    }

    /** Together, more than 700 rows are refused; each of them may be changed. */
    @Test
    void whereNoRowFailsAloneTheRunGoesOnInSmallerBatches() throws Exception {
        refuseMoreThan(700);
        RunStatus end = engine.execute(queue("set: { n: n + 1 }, batch: { size: 4000 }, stripes: off"));
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(ROWS);
    }

    @Test
    void whereNoRowOfAStripeFailsAloneTheRangeIsTold() throws Exception {
        TIME.atWait(1, nth -> refuseMoreThan(300)); // after the first stripe
        String migrate = "set: { n: n + 1 }, batch: { size: 500 }, stripes: 8";
        UUID run = engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", " + migrate
                        + ", throttle: { rows-per-second: 1000 } }"))
                .id();
        RunStatus end = engine.execute(run);
        assertThat(end.state()).isEqualTo("failed");
        RunStatus.Failure failure = known(end.failure());
        assertThat(failure.row()).isNull();
        assertThat(failure.message()).startsWith("Rows cannot be changed: ");
        assertThat(failure.keyRange()).contains("after the start up to (399, k9), stripe 2 of 8");
        DATABASE.run("DROP TRIGGER many ON " + t);
        assertThat(engine.execute(engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", " + migrate
                                        + ", throttle: { rows-per-second: 1000 } }"))
                                .id())
                        .state())
                .isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(ROWS);
    }

    private void refuseMoreThan(int rows) {
        DATABASE.run(
                "CREATE FUNCTION many_" + t + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                        + " IF (SELECT count(*) FROM changed) > " + rows
                        + " THEN RAISE EXCEPTION 'too many'; END IF; RETURN NULL; END $$",
                "CREATE TRIGGER many AFTER UPDATE ON " + t
                        + " REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION many_" + t + "()");
    }

    @Test
    void aPauseIsNotOverlookedByTheSearch() throws Exception {
        DATABASE.run("ALTER TABLE " + t + " ADD CONSTRAINT no CHECK (a < 300 OR n = 0)");
        UUID run = engine.queue(
                        TestEngine.job(
                                "job: " + t + "\nmigrate: { table: " + t
                                        + ", set: { n: n + 1 }, batch: { size: 500 }, stripes: 8, throttle: { rows-per-second: 1000 } }"))
                .id();
        TIME.atWait(2, nth -> engine.runs().pause(run, dev.sluice.event.Actor.worker("tester")));
        RunStatus end = engine.execute(run);
        assertThat(end.state()).isEqualTo("paused");
        assertThat(count("n > 1")).isZero();
    }
}
