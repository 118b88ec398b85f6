package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a job's SQL sees of the session, and what it leaves in it. */
class SessionSettingsRunsTest {
    private TestPostgres.Fresh db;
    private TestEngine engine;

    @BeforeEach
    void start() {
        db = TestPostgres.create();
        engine = TestEngine.on(db, new SteppedTime());
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private void alterDatabase(String set) {
        db.run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I " + set.replace("'", "''")
                + "', current_database()); END $$");
    }

    private long count(String from) {
        return Long.parseLong(db.value("SELECT count(*) FROM " + from));
    }

    private void days() {
        db.run(
                "CREATE TABLE e (id bigint PRIMARY KEY, at timestamptz NOT NULL, day date)",
                "INSERT INTO e (id, at) SELECT g, timestamptz '2026-01-01 00:30:00+00' + g * interval '1 hour'"
                        + " FROM generate_series(1, 1000) g");
    }

    @Test
    void aDayIsThatOfTheDatabasesTimeZone() throws Exception {
        days();
        alterDatabase("SET TimeZone = 'America/Sao_Paulo'");
        assertThat(engine.run("job: days\nmigrate: { table: e, set: { day: \"at::date\" }, where: day IS NULL }")
                        .state())
                .isEqualTo("succeeded");
        assertThat(count("e WHERE day IS DISTINCT FROM (at AT TIME ZONE 'America/Sao_Paulo')::date"))
                .isZero();
    }

    @Test
    void aRunThatIsResumedKeepsTheTimeZoneItBeganWith() throws Exception {
        days();
        alterDatabase("SET TimeZone = 'America/Sao_Paulo'");
        db.run("ALTER TABLE e ADD CONSTRAINT half CHECK (id < 500 OR day IS NULL)");
        String job = "job: days\nmigrate: { table: e, set: { day: \"at::date\" }, where: day IS NULL,"
                + " batch: { size: 100 } }";
        assertThat(engine.run(job).state()).isEqualTo("failed");
        assertThat(count("e WHERE day IS NOT NULL")).isBetween(1L, 499L);
        alterDatabase("SET TimeZone = 'Asia/Tokyo'");
        db.run("ALTER TABLE e DROP CONSTRAINT half");
        assertThat(engine.run(job).state()).isEqualTo("succeeded");
        assertThat(count("e WHERE day IS DISTINCT FROM (at AT TIME ZONE 'America/Sao_Paulo')::date"))
                .isZero();
    }

    @Test
    void aDayIsThatOfTheJobsTimeZone() throws Exception {
        days();
        alterDatabase("SET TimeZone = 'America/Sao_Paulo'");
        RunStatus run = engine.run("job: days\nmigrate:\n  table: e\n  set: { day: \"at::date\" }\n  where: day IS NULL"
                + "\n  settings: { TimeZone: Asia/Tokyo }\nswitch: { verify: \"day = at::date\" }");
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(count("e WHERE day IS DISTINCT FROM (at AT TIME ZONE 'Asia/Tokyo')::date"))
                .isZero();
    }

    @Test
    void aTriggerWritesWhereTheDatabasesPathLeads() throws Exception {
        db.run(
                "CREATE TABLE p (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO p (id) SELECT generate_series(1, 300)",
                "CREATE SCHEMA audit",
                "CREATE TABLE audit.log (id bigint)",
                "CREATE TABLE public.log (id bigint)",
                "CREATE FUNCTION public.logged() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$",
                "CREATE TRIGGER logs BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION public.logged()");
        alterDatabase("SET search_path = audit, public");
        assertThat(engine.run("job: p\nmigrate: { table: p, set: { n: n + 1 } }")
                        .state())
                .isEqualTo("succeeded");
        assertThat(count("audit.log")).isEqualTo(300);
        assertThat(count("public.log")).isZero();
    }

    @Test
    void aTriggerReadsTheJobsSettings() throws Exception {
        db.run(
                "CREATE TABLE p (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, by text)",
                "INSERT INTO p (id) SELECT generate_series(1, 300)",
                "CREATE FUNCTION public.told() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN NEW.by := current_setting('app.backfill', true); RETURN NEW; END $$",
                "CREATE TRIGGER tells BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION public.told()");
        assertThat(engine.run("job: p\nmigrate: { table: p, set: { n: n + 1 }, settings: { app.backfill: \"on\" } }")
                        .state())
                .isEqualTo("succeeded");
        assertThat(count("p WHERE by = 'on'")).isEqualTo(300);
    }

    /** Every batch of the second job notes the settings under which it ran. */
    @Test
    void whatAWhereSetsEndsItsRunAndReachesNoOtherJob() throws Exception {
        db.run(
                "CREATE TABLE a (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO a (id) SELECT generate_series(1, 12000)",
                "CREATE TABLE b (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, seen text)",
                "INSERT INTO b (id) SELECT generate_series(1, 12000)",
                "CREATE FUNCTION public.saw() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen :="
                        + " concat_ws('|', current_setting('lock_timeout'), current_setting('row_security'),"
                        + " current_setting('search_path'), current_setting('app.x', true), (SELECT count(*) FROM pg_locks"
                        + " WHERE locktype = 'advisory' AND pid = pg_backend_pid())); RETURN NEW; END $$",
                "CREATE TRIGGER sees BEFORE UPDATE ON b FOR EACH ROW EXECUTE FUNCTION public.saw()");
        RunStatus bad = engine.run("job: a\nmigrate:\n  table: a\n  set: { n: n + 1 }\n  where: \"n = 0 AND"
                + " set_config('lock_timeout', '0', false) IS NOT NULL AND set_config('row_security', 'on', false) IS NOT NULL"
                + " AND set_config('search_path', 'nowhere', false) IS NOT NULL AND set_config('app.x', '7', false) IS NOT NULL"
                + " AND pg_try_advisory_lock(4711)\"");
        assertThat(bad.state()).isEqualTo("failed");
        assertThat(known(bad.failure()).code()).isEqualTo("settings-changed");
        assertThat(known(bad.failure()).message())
                .contains("lock_timeout = 0 (250ms at its beginning)", "row_security = on", "search_path = nowhere");
        assertThat(db.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"))
                .isEqualTo("0");
        assertThat(engine.run("job: b\nmigrate: { table: b, set: { n: n + 1 } }")
                        .state())
                .isEqualTo("succeeded");
        assertThat(db.value("SELECT string_agg(DISTINCT seen, ' ') FROM b"))
                .isIn("250ms|off|\"$user\", public||0", "250ms|off|\"$user\", public|0");
    }
}
