package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.config.SettingsReader;
import dev.sluice.database.Databases;
import dev.sluice.job.Job;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.time.Time;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A role without privileges is told the GRANTs; when they are run as printed, the job may run. */
class AccessTest {
    private static final PlanBench BENCH = new PlanBench();
    private static final String ROLE = "worker_" + ProcessHandle.current().pid();
    private static Databases databases;
    private static DryRun dryRun;

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE ROLE " + ROLE + " LOGIN PASSWORD 'worker'",
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id int PRIMARY KEY, name text, shout text)",
                "INSERT INTO app.people SELECT i, 'n' || i FROM generate_series(1, 50) i",
                "CREATE TABLE app.target (id int PRIMARY KEY, name text)",
                "CREATE TABLE app.logs (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
                "CREATE TABLE app.logs1 PARTITION OF app.logs DEFAULT",
                "INSERT INTO app.logs VALUES (1)",
                "CREATE TABLE app.hidden (id int PRIMARY KEY, n int)",
                "ALTER TABLE app.hidden ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY few ON app.hidden USING (id < 10)",
                "INSERT INTO app.hidden SELECT generate_series(1, 100)",
                "ANALYZE");
        databases = BENCH.databases(ROLE, "worker");
        dryRun = new DryRun(
                databases,
                SettingsReader.defaults().throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES),
                Time.system());
    }

    @AfterAll
    static void close() {
        databases.close();
        BENCH.postgres.run("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
        BENCH.close();
    }

    /** Runs the printed GRANTs until nothing is refused, and gives what had been refused. */
    private static List<Finding> restore(Job job) {
        List<Finding> refused = dryRun.examine(job).refusals();
        refused.forEach(f -> BENCH.postgres.run(f.fix()));
        PlanReport after = dryRun.plan(job);
        assertThat(after.runnable()).as(after.findings().toString()).isTrue();
        assertThat(after.sample()).isNotEmpty();
        return refused;
    }

    private static void forget() {
        BENCH.postgres.run("DROP OWNED BY " + ROLE);
    }

    @Test
    void setNeedsItsColumns() {
        forget();
        assertThat(restore(job("table: app.people\nset: {shout: upper(name)}\nwhere: shout IS NULL")))
                .extracting(Finding::code, Finding::key)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("missing-privilege", "database"),
                        org.assertj.core.groups.Tuple.tuple("missing-privilege", "migrate.table"));
    }

    @Test
    void deleteAndInsertNeedTheirs() {
        forget();
        restore(job("table: app.people\ndelete: true\nwhere: shout IS NULL"));
        forget();
        List<Finding> refused = restore(
                job(
                        "table: app.people\ninsert: {into: app.target, columns: {id: id, name: name}, conflict: {columns: [id], do: update}}"));
        assertThat(refused).extracting(Finding::key).contains("migrate.insert.into");
        assertThat(refused).extracting(Finding::fix).anyMatch(f -> f.contains("UPDATE (\"id\") ON \"app\".\"people\""));
    }

    @Test
    void whatIsGrantedOnTheParentDoesNotHoldOnAPartition() {
        forget();
        BENCH.postgres.run("GRANT USAGE ON SCHEMA app TO " + ROLE, "GRANT ALL ON app.logs TO " + ROLE);
        List<Finding> refused = restore(job("table: app.logs\nset: {n: '1'}\nwhere: n IS NULL"));
        assertThat(refused).anySatisfy(f -> {
            assertThat(f.message()).contains("app.logs1").contains("a partition");
            assertThat(f.fix()).contains("ON \"app\".\"logs1\"");
        });
    }

    @Test
    void thePartitionedTableItselfIsReadToo() {
        forget();
        BENCH.postgres.run(
                "GRANT USAGE ON SCHEMA app, sluice TO " + ROLE,
                "GRANT ALL ON app.logs1 TO " + ROLE,
                "GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + ROLE);
        assertThat(restore(job("table: app.logs\nset: {n: '1'}\nwhere: n IS NULL")))
                .extracting(Finding::fix)
                .containsExactly("GRANT SELECT ON \"app\".\"logs\" TO \"" + ROLE + "\";");
    }

    @Test
    void defaultsDrawFromSequences() {
        forget();
        BENCH.postgres.run(
                "DROP TABLE IF EXISTS app.numbered",
                "CREATE TABLE app.numbered (no serial PRIMARY KEY, id int NOT NULL UNIQUE,"
                        + " own int GENERATED ALWAYS AS IDENTITY)");
        List<Finding> refused = restore(
                job(
                        "table: app.people\ninsert: {into: app.numbered, columns: {id: id}, conflict: {columns: [id], do: nothing}}"));
        assertThat(refused)
                .extracting(Finding::fix)
                .contains("GRANT USAGE ON SEQUENCE app.numbered_no_seq TO \"" + ROLE + "\";");
    }

    /** Rows are then verified less well, which somebody has to know beforehand. */
    @Test
    void withoutTemporaryTablesExpressionsCannotBeLookedAt() {
        forget();
        Job job = job("table: app.people\nset: {shout: upper(name)}\nwhere: shout IS NULL");
        restore(job);
        String database = BENCH.postgres.value("SELECT current_database()");
        BENCH.postgres.run("REVOKE TEMPORARY ON DATABASE " + database + " FROM PUBLIC");
        PlanReport without = dryRun.plan(job);
        assertThat(without.runnable()).isTrue();
        assertThat(without.verify()).isEqualTo("completeness");
        Finding warning = without.findings().stream()
                .filter(f -> f.code().equals("cannot-look-at-expressions"))
                .findFirst()
                .orElseThrow();
        BENCH.postgres.run(warning.fix());
        assertThat(dryRun.plan(job).verify()).isEqualTo("equality");
        BENCH.postgres.run("GRANT TEMPORARY ON DATABASE " + database + " TO PUBLIC");
    }

    @Test
    void aTriggerThatWritesElsewhereNeedsItsOwn() {
        forget();
        BENCH.postgres.run(
                "DROP TABLE IF EXISTS app.watched, app.audit",
                "CREATE TABLE app.watched (id int PRIMARY KEY, n int)",
                "INSERT INTO app.watched VALUES (1)",
                "CREATE TABLE app.audit (id int)",
                "CREATE OR REPLACE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql"
                        + " AS 'BEGIN INSERT INTO app.audit VALUES (NEW.id); RETURN NEW; END'",
                "CREATE TRIGGER note AFTER UPDATE ON app.watched FOR EACH ROW EXECUTE FUNCTION app.note()");
        Job job = job("table: app.watched\nset: {n: '1'}\nwhere: n IS NULL");
        dryRun.examine(job).refusals().forEach(f -> BENCH.postgres.run(f.fix()));
        assertThat(dryRun.plan(job).findings()).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("missing-privilege");
            assertThat(f.message()).contains("42501");
        });
        BENCH.postgres.run("GRANT INSERT ON app.audit TO " + ROLE);
        assertThat(dryRun.plan(job).runnable()).isTrue();
    }

    @Test
    void aRoleThatMayNotAnalyzeIsWarned() {
        forget();
        Job job = job("table: app.people\nset: {shout: upper(name)}\nwhere: shout IS NULL");
        Finding warning = dryRun.examine(job).findings().stream()
                .filter(f -> f.code().equals("cannot-analyze"))
                .findFirst()
                .orElseThrow();
        if (BENCH.postgres.version() < 17) {
            assertThat(warning.fix()).contains("a member of the table's owner");
            return;
        }
        BENCH.postgres.run(warning.fix());
        assertThat(dryRun.examine(job).findings()).noneMatch(f -> f.code().equals("cannot-analyze"));
    }

    @Test
    void rowsHiddenByAPolicyAreARefusal() {
        forget();
        Job job = job("table: app.hidden\nset: {n: '1'}\nwhere: n IS NULL");
        List<Finding> refused = restore(job);
        assertThat(refused).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("row-level-security");
            assertThat(f.message()).contains("app.hidden");
        });
        BENCH.postgres.run("ALTER ROLE " + ROLE + " NOBYPASSRLS");
        assertThat(dryRun.examine(job).runnable()).isFalse();
    }

    @Test
    void sluicesOwnTablesMustBeThere() {
        BENCH.postgres.run("ALTER SCHEMA sluice RENAME TO away");
        try {
            assertThat(BENCH.check(job("table: app.people\nset: {shout: upper(name)}\nwhere: shout IS NULL"))
                            .refusals())
                    .singleElement()
                    .satisfies(f -> assertThat(f.code()).isEqualTo("own-schema-missing"));
        } finally {
            BENCH.postgres.run("ALTER SCHEMA away RENAME TO sluice");
        }
    }
}
