package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What plan tells of the session that a job's SQL runs in. */
class SessionFindingsTest {
    private static final PlanBench BENCH = new PlanBench();

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE SCHEMA audit",
                "CREATE TABLE app.t (id bigint PRIMARY KEY, at timestamptz NOT NULL, day date, n int NOT NULL DEFAULT 0)",
                "INSERT INTO app.t SELECT g, timestamptz '2026-01-01 00:30:00+00' FROM generate_series(1, 100) g",
                "CREATE TABLE app.noisy (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO app.noisy SELECT generate_series(1, 100)",
                "CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN INSERT INTO told VALUES (NEW.id); RETURN NEW; END $$",
                "CREATE TRIGGER tells BEFORE UPDATE ON app.noisy FOR EACH ROW EXECUTE FUNCTION app.tell()",
                "ANALYZE",
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = audit, public', current_database());"
                        + " EXECUTE format('ALTER DATABASE %I SET TimeZone = ''America/Sao_Paulo''', current_database()); END $$");
    }

    @AfterAll
    static void close() {
        BENCH.close();
    }

    @Test
    void pathAndZoneAreThoseOfTheDatabaseOrTheJob() {
        assertThat(finding(
                                BENCH.plan(job("table: app.t\nset: {day: \"at::date\"}\nwhere: day IS NULL")),
                                "session-settings")
                        .message())
                .contains("TimeZone = America/Sao_Paulo (database ", "search_path = audit, public (database ");
        PlanReport own = BENCH.plan(job("table: app.t\nset: {day: \"at::date\"}\nwhere: day IS NULL\n"
                + "settings: {timezone: Asia/Tokyo, app.x: 'on'}"));
        assertThat(finding(own, "session-settings").message())
                .contains("TimeZone = Asia/Tokyo (migrate.settings)", "and with app.x = on");
        assertThat(own.sample()).first().satisfies(r -> assertThat(r.after()).containsEntry("day", "2026-01-01"));
        PlanReport database = BENCH.plan(job("table: app.t\nset: {day: \"at::date\"}\nwhere: day IS NULL"));
        assertThat(database.sample())
                .first()
                .satisfies(r -> assertThat(r.after()).containsEntry("day", "2025-12-31"));
    }

    @Test
    void aSettingThatTheServerDoesNotTakeIsRefused() {
        for (String bad : List.of("TimeZone: Mars/Olympus", "no_such_thing: 1")) {
            PlanReport report = BENCH.plan(job("table: app.t\nset: {n: n + 1}\nsettings: {" + bad + "}"));
            assertThat(report.runnable()).isFalse();
            assertThat(finding(report, "bad-setting").message()).contains(bad.substring(0, bad.indexOf(':')));
        }
    }

    @Test
    void anErrorWithinATriggerNamesItsFunction() {
        PlanReport report = BENCH.plan(job("table: app.noisy\nset: {n: n + 1}"));
        assertThat(finding(report, "sql-refused").message()).contains("42P01", "in function app.tell()");
        assertThat(finding(report, "sql-refused").fix()).contains("fix that function");
        assertThat(finding(
                                BENCH.plan(job("table: app.noisy\nset: {n: n + 1}\nsettings: {search_path: app}")),
                                "trigger-search-path")
                        .message())
                .contains("app.tell");
    }

    @Test
    void anExpressionThatChangesWhatTheEngineNeedsIsRefused() {
        PlanReport report = BENCH.plan(
                job(
                        "table: app.t\nset: {n: n + 1}\nwhere: \"n = 0 AND set_config('lock_timeout', '0', false) IS NOT NULL\""));
        assertThat(finding(report, "settings-changed").message()).contains("lock_timeout = 0");
    }

    @Test
    void aPathThatPutsSomethingBeforeTheCatalogIsRefused() {
        BENCH.postgres.run(
                "CREATE SCHEMA shady",
                "CREATE FUNCTION shady.hashint8extended(bigint, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'");
        PlanReport report =
                BENCH.plan(job("table: app.t\nset: {n: n + 1}\nsettings: {search_path: 'shady, pg_catalog'}"));
        assertThat(finding(report, "catalog-shadowed").message()).contains("hashint8extended");
    }

    private static PlanReport.Finding finding(PlanReport report, String code) {
        return report.findings().stream()
                .filter(f -> f.code().equals(code))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + code + " in " + report.findings()));
    }
}
