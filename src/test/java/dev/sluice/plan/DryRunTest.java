package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.plan.PlanReport.SampleRow;
import dev.sluice.plan.PlanReport.Statement;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What the dry run tells of jobs that may run, and that it leaves nothing behind. */
class DryRunTest {
    private static final PlanBench BENCH = new PlanBench();
    private static final String FULL_NAME =
            "table: app.people\nset: {full_name: \"first_name || ' ' || last_name\"}\nwhere: full_name IS NULL";

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id bigint PRIMARY KEY, first_name text, last_name text, full_name text, touched timestamptz, seq int)",
                "ALTER TABLE app.people SET (autovacuum_enabled = off)",
                "INSERT INTO app.people SELECT i, 'f' || i, CASE WHEN i <> 3002 THEN 'l' || i END, CASE WHEN i <= 3000 THEN 'done' END"
                        + " FROM generate_series(1, 20000) i",
                "CREATE TABLE app.target (person bigint PRIMARY KEY, name text NOT NULL)",
                "CREATE SEQUENCE app.s",
                "CREATE TABLE app.\"Log Book\" (\"Day\" date, \"Nr\" int, txt text, PRIMARY KEY (\"Day\", \"Nr\")) PARTITION BY RANGE (\"Day\")",
                "CREATE TABLE app.\"log 2025\" PARTITION OF app.\"Log Book\" FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY HASH (\"Nr\")",
                "CREATE TABLE app.\"log 2025 a\" PARTITION OF app.\"log 2025\" FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                "CREATE TABLE app.\"log 2025 b\" PARTITION OF app.\"log 2025\" FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
                "CREATE TABLE app.\"log 2026\" PARTITION OF app.\"Log Book\" DEFAULT",
                "INSERT INTO app.\"Log Book\" SELECT date '2025-01-01' + i % 365, i, repeat('x', 200) FROM generate_series(1, 20000) i",
                "VACUUM ANALYZE");
    }

    @AfterAll
    static void close() {
        BENCH.close();
    }

    private static void triggered(String table) {
        BENCH.postgres.run(
                "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO " + table + " SELECT generate_series(1, 5000)",
                "CREATE FUNCTION " + table
                        + "_skips() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id % 100 = 42 THEN RETURN NULL; END IF; RETURN NEW; END $$",
                "CREATE TRIGGER skips BEFORE UPDATE ON " + table + " FOR EACH ROW EXECUTE FUNCTION " + table
                        + "_skips()");
    }

    @Test
    void theTrialSeesRowsThatATriggerSkips() {
        triggered("app.skipped");
        PlanReport report = BENCH.plan(job("table: app.skipped\nset: {n: n + 1}"));
        assertThat(report.findings())
                .filteredOn(f -> f.code().equals("rows-unchanged"))
                .singleElement()
                .satisfies(f -> assertThat(f.message())
                        .startsWith("10 of 1000 rows that the trial walked had to change, did not")
                        .contains("ends incomplete"));
        assertThat(BENCH.plan(job(FULL_NAME)).findings())
                .noneMatch(f -> f.code().startsWith("rows-"));
    }

    @Test
    void theTrialSeesSourceRowsThatShareAKey() {
        BENCH.postgres.run("CREATE TABLE app.few (k bigint PRIMARY KEY, name text)");
        String insert =
                "table: app.people\ninsert: {into: app.few, columns: {k: id / 10, name: first_name}, conflict: {columns: [k], do: %s}, orphans: allow}";
        assertThat(BENCH.plan(job(insert.formatted("nothing"))).findings())
                .filteredOn(f -> f.code().equals("rows-collapsed"))
                .singleElement()
                .satisfies(f -> assertThat(f.message())
                        .startsWith("899 of 1000 source rows")
                        .contains("899 of them"));
        assertThat(BENCH.plan(job(insert.formatted("update"))).findings())
                .filteredOn(f -> f.code().equals("rows-share-target-key"))
                .singleElement()
                .satisfies(f -> assertThat(f.message()).contains("app.few (k)"));
    }

    @Test
    void aSoundJobWithItsNumbersStatementsAndRows() {
        PlanReport report = BENCH.plan(job(FULL_NAME));
        assertThat(report.runnable()).as(report.findings().toString()).isTrue();
        assertThat(report.table()).isEqualTo("app.people");
        assertThat(report.shape()).isEqualTo("set");
        assertThat(report.key()).containsExactly("id bigint");
        assertThat(report.keyIndex()).isEqualTo("people_pkey");
        assertThat(report.partitions()).isEqualTo(1);
        assertThat(report.estimatedRows()).isBetween(15_000L, 40_000L);
        assertThat(report.estimatedBytes()).isPositive();
        assertThat(report.estimatedSeconds()).isPositive();
        assertThat(report.verify()).isEqualTo("equality");
        assertThat(report.verifyCondition()).contains("IS NOT DISTINCT FROM");
        assertThat(report.statements())
                .extracting(Statement::name)
                .containsExactly("first batch", "batch", "verification");
        assertThat(report.statements()).allSatisfy(s -> {
            assertThat(s.plan()).contains("people_pkey").doesNotContain("Seq Scan on people");
            assertThat(s.sql()).contains("sluice_claim");
        });
        // the first rows that are to be done stand far behind the first rows of the table
        assertThat(report.sample())
                .hasSize(5)
                .extracting(r -> r.key().get("id"))
                .containsExactly("3001", "3002", "3003", "3004", "3005");
        SampleRow first = report.sample().get(0);
        assertThat(first.before())
                .containsEntry("first_name", "f3001")
                .containsEntry("full_name", null)
                .doesNotContainKey("touched");
        assertThat(first.after()).contains(entry("full_name", "f3001 l3001"));
    }

    @Test
    void rowsThatStillMatchMakeTheJobNotRepeatable() {
        PlanReport report = BENCH.plan(job(FULL_NAME));
        assertThat(report.repeatable()).isFalse();
        assertThat(finding(report, "still-matching").message()).startsWith("1 of 1000 rows");
        PlanReport better = BENCH.plan(job(FULL_NAME.replace("last_name", "coalesce(last_name, '')")));
        assertThat(better.repeatable()).isTrue();
        assertThat(better.findings()).noneMatch(f -> f.code().equals("still-matching"));
        Job scheduled = job(FULL_NAME + "\nschedule: {cron: '0 0 1 * * ?'}");
        assertThat(finding(BENCH.plan(scheduled), "schedule-not-repeatable").level())
                .isEqualTo("refuse");
    }

    @Test
    void theRateLimitBoundsTheEstimate() {
        PlanReport report = BENCH.plan(job(FULL_NAME + "\nthrottle: {rows-per-second: 100}"));
        assertThat(report.estimatedSeconds()).isEqualTo(known(report.estimatedRows()) / 100.0);
    }

    @Test
    void theBudgetOfCoresBoundsTheEstimateBesideOthers() {
        double most = besideOthers("throttle: {cores: 1%}");
        assertThat(most).as("so many times as long").isGreaterThan(1.5);
        assertThat(besideOthers("")).as("the worker's half a percent").isCloseTo(2 * most, within(1e-9));
        assertThat(besideOthers("throttle: {cores: off}")).isEqualTo(1);
        assertThat(besideOthers("throttle: off")).isEqualTo(1);
        assertThat(besideOthers("throttle: {rows-per-second: 1}"))
                .as("slower still by its rate")
                .isEqualTo(1);
    }

    private static double besideOthers(String throttle) {
        PlanReport report = BENCH.plan(job(FULL_NAME + "\n" + throttle));
        return known(report.estimatedSecondsBesideOthers()) / known(report.estimatedSeconds());
    }

    @Test
    void nothingIsWritten() {
        String state = "SELECT md5(string_agg(ctid::text || xmin::text || p::text, ',' ORDER BY id)) FROM app.people p";
        String own =
                "SELECT (SELECT count(*) FROM sluice.checkpoint) + (SELECT count(*) FROM sluice.pass) + (SELECT count(*) FROM sluice.run_wanted)";
        String before = BENCH.postgres.value(state);
        for (String change : List.of(
                "set: {seq: \"nextval('app.s')\"}\nwhere: seq IS NULL",
                "delete: true\nwhere: seq IS NULL",
                "insert: {into: app.target, columns: {person: id, name: first_name}, conflict: {columns: [person], do: nothing}}",
                "sql: \"DELETE FROM app.people p WHERE {batch:p}\"")) {
            PlanReport report = BENCH.plan(job("table: app.people\n" + change));
            assertThat(report.runnable()).as(report.findings().toString()).isTrue();
            assertThat(report.sample()).hasSize(5);
        }
        assertThat(BENCH.postgres.value(state)).isEqualTo(before);
        assertThat(BENCH.postgres.value(own)).isEqualTo("0");
        assertThat(BENCH.postgres.value("SELECT count(*) FROM app.target")).isEqualTo("0");
        // the one thing that a rollback does not bring back
        assertThat(Long.parseLong(BENCH.postgres.value("SELECT last_value FROM app.s")))
                .isGreaterThan(1);
        assertThat(BENCH.postgres.value("SELECT count(*) FROM pg_prepared_statements"))
                .isEqualTo("0");
    }

    @Test
    void samplesOfTheOtherShapes() {
        PlanReport insert = BENCH.plan(
                job(
                        "table: app.people\ninsert: {into: app.target, columns: {person: id, name: first_name}, conflict: {columns: [person], do: nothing}}"));
        SampleRow row = insert.sample().get(0);
        assertThat(row.key()).isEqualTo(Map.of("id", "1"));
        assertThat(row.before()).isNull();
        assertThat(row.after()).containsOnly(entry("person", "1"), entry("name", "f1"));
        assertThat(insert.statements()).extracting(Statement::name).contains("orphans");
        PlanReport delete = BENCH.plan(job("table: app.people\ndelete: true\nwhere: full_name = 'done'"));
        assertThat(delete.sample().get(0).before()).containsEntry("first_name", "f1");
        assertThat(delete.sample().get(0).after()).isNull();
        assertThat(delete.verify()).isEqualTo("completeness");
        PlanReport sql = BENCH.plan(job("table: app.people\nsql: \"UPDATE app.people p SET seq = 7 WHERE {batch:p}\""));
        assertThat(sql.sample().get(0).after()).containsEntry("seq", "7");
        assertThat(sql.verify()).isEqualTo("ranges");
        assertThat(finding(sql, "no-where").level()).isEqualTo("warn");
    }

    @Test
    void partitionsTwoLevelsDeepWithQuotedNamesAndLongValues() {
        PlanReport report =
                BENCH.plan(job("table: 'app.\"Log Book\"'\nset: {txt: \"txt || 'y'\"}\nwhere: right(txt, 1) <> 'y'"));
        assertThat(report.runnable()).as(report.findings().toString()).isTrue();
        assertThat(report.partitions()).isEqualTo(3);
        assertThat(report.key()).containsExactly("Day date", "Nr integer");
        assertThat(report.estimatedRows()).isBetween(15_000L, 40_000L);
        assertThat(report.sample()).hasSize(5).allSatisfy(r -> {
            assertThat(r.key()).containsKeys("Day", "Nr");
            assertThat(r.after()).containsEntry("txt", "x".repeat(80) + "…");
        });
        assertThat(report.repeatable()).isTrue();
        PlanReport sql = BENCH.plan(
                job(
                        "table: 'app.\"Log Book\"'\nkey-changes: never\nsql: 'UPDATE app.\"Log Book\" b SET txt = NULL WHERE {batch:b}'"));
        assertThat(sql.runnable()).as(sql.findings().toString()).isTrue();
    }

    @Test
    void aStatementOfOnesOwnVisitsEveryPartitionUnlessTheKeyBeginsWithTheirs() {
        BENCH.postgres.run(
                "CREATE TABLE app.spread (id bigint PRIMARY KEY, n int) PARTITION BY HASH (id)",
                "CREATE TABLE app.spread0 PARTITION OF app.spread FOR VALUES WITH (MODULUS 3, REMAINDER 0)",
                "CREATE TABLE app.spread1 PARTITION OF app.spread FOR VALUES WITH (MODULUS 3, REMAINDER 1)",
                "CREATE TABLE app.spread2 PARTITION OF app.spread FOR VALUES WITH (MODULUS 3, REMAINDER 2)",
                "INSERT INTO app.spread SELECT i FROM generate_series(1, 3000) i",
                "ANALYZE app.spread");
        PlanReport sql = BENCH.plan(
                job("table: app.spread\nkey-changes: never\nsql: 'UPDATE app.spread s SET n = 1 WHERE {batch:s}'"));
        assertThat(sql.runnable()).as(sql.findings().toString()).isTrue();
        Finding told = finding(sql, "visits-every-partition");
        assertThat(told.level()).isEqualTo("warn");
        assertThat(told.message()).contains("all 3 partitions of app.spread");
        assertThat(told.fix()).contains("use set, insert or delete", "one job a partition");
        assertThat(BENCH.plan(job("table: app.spread\nset: {n: '1'}")).findings())
                .noneMatch(f -> f.code().equals("visits-every-partition"));
        assertThat(BENCH.plan(job("table: app.spread0\nsql: 'UPDATE app.spread0 s SET n = 1 WHERE {batch:s}'"))
                        .findings())
                .noneMatch(f -> f.code().equals("visits-every-partition"));
        // by ranges of the key's first column
        assertThat(BENCH.plan(job("table: 'app.\"Log Book\"'\n"
                                + "sql: 'UPDATE app.\"Log Book\" b SET txt = NULL WHERE {batch:b}'"))
                        .findings())
                .noneMatch(f -> f.code().equals("visits-every-partition"));
    }

    @Test
    void whatIsNotKnownIsNotSaid() {
        PlanReport report = BENCH.plan(job("table: app.nowhere\nset: {n: '1'}\nwhere: n IS NULL"));
        assertThat(report.runnable()).isFalse();
        assertThat(report.key()).isEmpty();
        assertThat(report.keyIndex()).isNull();
        assertThat(report.repeatable()).isNull();
        assertThat(report.partitions()).isNull();
        assertThat(report.estimatedRows()).isNull();
        assertThat(report.estimatedBytes()).isNull();
        assertThat(report.estimatedSeconds()).isNull();
    }

    @Test
    void anEmptyTableHasNothingToTry() {
        BENCH.postgres.run("CREATE TABLE app.empty (id uuid PRIMARY KEY, n int)");
        PlanReport report = BENCH.plan(job("table: app.empty\nset: {n: '1'}\nwhere: n IS NULL"));
        assertThat(report.runnable()).as(report.findings().toString()).isTrue();
        assertThat(report.estimatedRows()).isZero();
        assertThat(report.estimatedSeconds()).isNull();
        assertThat(report.sample()).isEmpty();
    }

    @Test
    void whatElseHappens() {
        BENCH.postgres.run(
                "CREATE TABLE app.busy (id int PRIMARY KEY, name text, touched timestamptz)",
                "ALTER TABLE app.busy SET (autovacuum_enabled = off)",
                "CREATE INDEX busy_name ON app.busy (name)",
                "INSERT INTO app.busy SELECT i FROM generate_series(1, 1000) i",
                "CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.touched := now(); RETURN NEW; END$$",
                "CREATE TRIGGER touch BEFORE UPDATE ON app.busy FOR EACH ROW EXECUTE FUNCTION app.touch()",
                "CREATE TRIGGER other BEFORE UPDATE OF touched ON app.busy FOR EACH ROW EXECUTE FUNCTION app.touch()",
                "CREATE PUBLICATION p FOR TABLE app.busy",
                "CREATE TABLE app.refers (id int PRIMARY KEY, busy int REFERENCES app.busy ON DELETE CASCADE)");
        PlanReport report = BENCH.plan(job("table: app.busy\nset: {name: \"'x'\"}\nwhere: name IS NULL"));
        assertThat(report.runnable()).as(report.findings().toString()).isTrue();
        assertThat(report.findings())
                .filteredOn(f -> f.level().equals("warn"))
                .extracting(Finding::code)
                // of a server in a container the cores are not known
                .filteredOn(c -> !c.equals("signal-off") && !c.equals("budget-assumed"))
                .containsExactlyInAnyOrder(
                        "trigger-fires", "column-moves", "published", "indexed-column", "no-statistics");
        assertThat(finding(report, "column-moves").message()).contains("\"touched\"");
        assertThat(report.sample().get(0).after()).containsKeys("name", "touched");
        assertThat(finding(report, "no-statistics").fix()).isEqualTo("ANALYZE \"app\".\"busy\";");
        PlanReport delete = BENCH.plan(job("table: app.busy\ndelete: true\nwhere: name IS NULL"));
        assertThat(delete.findings())
                .extracting(Finding::code)
                .contains("cascade")
                .doesNotContain("trigger-fires");
    }

    @Test
    void aTriggerOfStatementsOnTheParentIsPassedBy() {
        BENCH.postgres.run(
                "CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
                "CREATE TRIGGER tell AFTER UPDATE ON app.\"Log Book\" FOR EACH STATEMENT EXECUTE FUNCTION app.tell()");
        PlanReport report = BENCH.plan(job("table: 'app.\"Log Book\"'\nset: {txt: \"'y'\"}\nwhere: txt <> 'y'"));
        assertThat(finding(report, "trigger-passed-by").level()).isEqualTo("warn");
        BENCH.postgres.run("DROP TRIGGER tell ON app.\"Log Book\"");
    }

    @Test
    void noTrialIsMadeWhileAllRunsAreStopped() {
        BENCH.postgres.run("INSERT INTO sluice.database_stop VALUES (1, 'anna', clock_timestamp(), NULL)");
        try {
            PlanReport report = BENCH.plan(job(FULL_NAME));
            assertThat(finding(report, "trial-gave-up").message()).contains("All runs are stopped");
            assertThat(report.runnable()).isTrue();
            assertThat(report.estimatedSeconds()).isNull();
        } finally {
            BENCH.postgres.run("DELETE FROM sluice.database_stop");
        }
    }

    @Test
    void rowsThatSomebodyHoldsEndTheTrialAndNotThePlan() throws SQLException {
        try (Connection holder = BENCH.postgres.connect()) {
            holder.setAutoCommit(false);
            try (var s = holder.createStatement()) {
                s.execute("UPDATE app.people SET seq = 0 WHERE id = 3001");
            }
            PlanReport report = BENCH.plan(job(FULL_NAME));
            assertThat(finding(report, "trial-gave-up").message()).contains("55P03");
            assertThat(report.runnable()).isTrue();
            assertThat(report.estimatedSeconds()).isNull();
            holder.rollback();
        }
    }

    @Test
    void aSessionWithoutStopForLocksIsWarnedOf() {
        String role = "patient_" + ProcessHandle.current().pid();
        BENCH.postgres.run("ALTER SYSTEM SET deadlock_timeout = '100ms'", "SELECT pg_reload_conf()");
        try {
            org.awaitility.Awaitility.await()
                    .until(() -> BENCH.postgres.value("SHOW deadlock_timeout").equals("100ms"));
            assertThat(finding(BENCH.plan(job(FULL_NAME)), "lock-timeout").message())
                    .as(role)
                    .contains("500 ms")
                    .contains("100 ms");
        } finally {
            BENCH.postgres.run("ALTER SYSTEM RESET deadlock_timeout", "SELECT pg_reload_conf()");
        }
    }

    @Test
    void checkTellsTheFactsWithoutTouchingARow() {
        String statistics = "SELECT n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 'people'";
        String before = BENCH.postgres.value(statistics);
        Check check = BENCH.check(job(FULL_NAME));
        assertThat(check.runnable()).isTrue();
        assertThat(check.factsOrRefuse().keyText()).isEqualTo("id bigint");
        assertThat(check.findings()).noneMatch(f -> f.code().equals("still-matching"));
        assertThat(BENCH.postgres.value(statistics)).isEqualTo(before);
    }

    private static Finding finding(PlanReport report, String code) {
        return report.findings().stream()
                .filter(f -> f.code().equals(code))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + code + " in " + report.findings()));
    }

    /** What a trial leaves behind in spite of its rollback is not for whoever may only look. */
    @Test
    void withoutATrialNothingIsTouchedAndTheReportSaysSo() {
        BENCH.postgres.run(
                "CREATE TABLE app.looked (id bigint PRIMARY KEY, n int)",
                "INSERT INTO app.looked SELECT i, NULL FROM generate_series(1, 100) i",
                "CREATE SEQUENCE app.looked_fired",
                "CREATE FUNCTION app.looked_fires() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN PERFORM nextval('app.looked_fired'); RETURN NEW; END $$",
                "CREATE TRIGGER fires BEFORE UPDATE ON app.looked FOR EACH ROW EXECUTE FUNCTION app.looked_fires()");
        Job job = job("table: app.looked\nset: {n: '1'}\nwhere: n IS NULL");
        PlanReport looked = BENCH.planWithoutTrial(job);
        assertThat(BENCH.postgres.value("SELECT is_called FROM app.looked_fired"))
                .isEqualTo("f");
        assertThat(looked.runnable()).isTrue();
        assertThat(looked.sample()).isEmpty();
        assertThat(looked.estimatedSeconds()).isNull();
        assertThat(looked.repeatable()).isNull();
        assertThat(looked.statements()).isNotEmpty();
        assertThat(finding(looked, "trigger-fires").level()).isEqualTo("warn");
        assertThat(finding(looked, "trial-left-out").message()).contains("operators", "locks rows");
        PlanReport tried = BENCH.plan(job);
        assertThat(BENCH.postgres.value("SELECT is_called FROM app.looked_fired"))
                .isEqualTo("t");
        assertThat(tried.findings()).noneMatch(f -> f.code().equals("trial-left-out"));
        assertThat(tried.sample()).isNotEmpty();
    }
}
