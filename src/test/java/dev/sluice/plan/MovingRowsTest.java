package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.sql.TableName;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What plan says of rows whose key may change while they are walked. */
class MovingRowsTest {
    private static final PlanBench BENCH = new PlanBench();

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.plain (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, m int)",
                "INSERT INTO app.plain (id) SELECT generate_series(1, 50)",
                "CREATE TABLE app.parts (k int, id int, n int NOT NULL DEFAULT 0, m int, PRIMARY KEY (k, id)) PARTITION BY LIST (k)",
                "CREATE TABLE app.parts1 PARTITION OF app.parts FOR VALUES IN (1)",
                "CREATE TABLE app.parts2 PARTITION OF app.parts FOR VALUES IN (2)",
                "INSERT INTO app.parts (k, id) SELECT 1 + g % 2, g FROM generate_series(1, 50) g",
                "CREATE TABLE app.ever (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int) PARTITION BY RANGE (id)",
                "CREATE TABLE app.ever1 PARTITION OF app.ever DEFAULT",
                "INSERT INTO app.ever (n) VALUES (1)",
                "CREATE TABLE app.head (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO app.head (id) SELECT generate_series(1, 50)",
                "CREATE TABLE app.line (id int REFERENCES app.head ON UPDATE CASCADE, pos int, n int, PRIMARY KEY (id, pos))",
                "INSERT INTO app.line SELECT g, 1, 0 FROM generate_series(1, 50) g",
                "CREATE TABLE app.moved (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO app.moved (id) SELECT generate_series(1, 50)",
                "CREATE FUNCTION app.shift() RETURNS trigger LANGUAGE plpgsql AS"
                        + " 'BEGIN NEW.id := NEW.id + 1000; RETURN NEW; END'",
                "CREATE TRIGGER shift BEFORE UPDATE OF n ON app.moved FOR EACH ROW WHEN (NEW.n > 100) EXECUTE FUNCTION app.shift()",
                "ANALYZE");
    }

    @AfterAll
    static void close() {
        BENCH.close();
    }

    private static List<Finding> found(Job job, String code) {
        return BENCH.check(job).findings().stream()
                .filter(f -> f.code().equals(code))
                .toList();
    }

    private static void assertRefused(Job job, String... words) {
        assertThat(found(job, "rows-may-move")).singleElement().satisfies(f -> {
            assertThat(f.level()).isEqualTo("refuse");
            assertThat(f.key()).isEqualTo("migrate.key");
            assertThat(f.message()).contains(words).contains("not repeatable", "missed or changed twice");
            assertThat(f.fix()).contains("switch.verify", "key-changes: never");
        });
    }

    @Test
    void aPartitionedTableRefusesAJobThatIsNotRepeatable() {
        assertRefused(job("table: app.parts\nset: {n: n + 1}"), "partitioned by [k]");
        assertRefused(
                job("table: app.parts\nsql: UPDATE app.parts x SET n = n + 1 WHERE {batch:x}"), "partitioned by [k]");
    }

    @Test
    void aPromiseOrAVerificationLetsItRun() {
        Job promised = job("table: app.parts\nset: {n: n + 1}\nkey-changes: never");
        assertThat(found(promised, "rows-may-move")).isEmpty();
        assertThat(found(promised, "key-stays").get(0).message()).contains("the job file promises that");
        assertThat(BENCH.plan(promised).runnable()).isTrue();
        assertThat(found(job("table: app.parts\nset: {n: n + 1}", "n = 1"), "rows-may-move"))
                .singleElement()
                .satisfies(f -> assertThat(f.level()).isEqualTo("warn"));
    }

    @Test
    void aRepeatableJobIsWarnedAndSweeps() {
        assertThat(found(job("table: app.parts\nset: {m: '1'}\nwhere: m IS NULL"), "rows-may-move"))
                .singleElement()
                .satisfies(f -> {
                    assertThat(f.level()).isEqualTo("warn");
                    assertThat(f.message()).contains("a sweep changes it");
                });
    }

    /** It looks repeatable, and only the trial shows that it is not. */
    @Test
    void changedRowsThatStillMatchMakeItNotRepeatable() {
        Job job = job("table: app.parts\nset: {n: n + 1}\nwhere: n < 10");
        assertThat(BENCH.plan(job).findings())
                .anySatisfy(f -> assertThat(f.code() + f.level()).isEqualTo("rows-may-moverefuse"));
    }

    @Test
    void cascadesAndTriggersThatReachTheKeyAreSeen() {
        assertRefused(job("table: app.line\nset: {n: n + 1}"), "ON UPDATE CASCADE, so keys here follow app.head");
        assertRefused(job("table: app.head\nset: {n: n + 1}"), "ON UPDATE CASCADE, which expects keys to change here");
        assertRefused(job("table: app.moved\nset: {n: n + 1}"), "trigger \"shift\"", "seems to set [id]");
    }

    @Test
    void whereNothingShowsItTheLimitOfThePromiseIsTold() {
        Job job = job("table: app.plain\nset: {n: n + 1}");
        assertThat(found(job, "rows-may-move")).isEmpty();
        assertThat(found(job, "key-stays").get(0).message())
                .contains("its key [id] stays the same", "missed or changed twice");
        assertThat(found(job("table: app.ever\nset: {n: n + 1}"), "rows-may-move"))
                .as("a column that nobody can set")
                .isEmpty();
    }

    @Test
    void updatesOfTheKeyAreReadFromStatements() {
        TableName table = new TableName("app", "users");
        for (String sql : List.of(
                "UPDATE app.users SET id = $1 WHERE id = $2",
                "update only \"app\".\"users\" as u set name = $1, \"id\" = u.id + $2 where true",
                "WITH x AS (SELECT 1) UPDATE users SET (name, id) = ($1, $2)",
                "update users\nset\n id=$1")) {
            assertThat(MovingRows.sets(sql, table, "id")).as(sql).isTrue();
        }
        for (String sql : List.of(
                "UPDATE app.users SET name = $1 WHERE id = $2",
                "UPDATE app.users_old SET id = $1",
                "UPDATE app.users SET paid = $1 FROM app.x WHERE x.id = 3",
                "SELECT 1 FROM users WHERE id = 3 FOR UPDATE")) {
            assertThat(MovingRows.sets(sql, table, "id")).as(sql).isFalse();
        }
    }
}
