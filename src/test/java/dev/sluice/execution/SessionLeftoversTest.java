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
import org.junit.jupiter.api.Timeout;

/** Deferred triggers belong to the job as any others do, and no job leaves anything in a session for the next one. */
@Timeout(60)
class SessionLeftoversTest {
    private final TestPostgres.Fresh db = TestPostgres.create();
    private TestEngine engine;

    @BeforeEach
    void start() {
        db.run(
                "CREATE TABLE a (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO a (id) SELECT generate_series(1, 300)",
                "CREATE TABLE b (LIKE a INCLUDING ALL)",
                "INSERT INTO b SELECT * FROM a",
                "CREATE TABLE log (id bigint, zone text, own text)");
        engine = TestEngine.on(db, new SteppedTime());
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    private void trigger(String name, String on, String when, String body) {
        db.run(
                "CREATE FUNCTION " + name + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body
                        + "; RETURN NEW; END $$",
                "CREATE " + when.formatted(name, on) + " FOR EACH ROW EXECUTE FUNCTION public." + name + "()");
    }

    private static final String BEFORE = "TRIGGER %s BEFORE UPDATE ON %s";
    private static final String DEFERRED = "CONSTRAINT TRIGGER %s AFTER UPDATE ON %s DEFERRABLE INITIALLY DEFERRED";

    private RunStatus run(String table, String more) throws InterruptedException {
        return engine.run(
                "job: " + table + "\nmigrate: { table: public." + table + ", set: { n: n + 1 }" + more + " }");
    }

    @Test
    void aDeferredTriggerRunsUnderTheJobsSettings() throws Exception {
        db.run("CREATE SCHEMA audit", "CREATE TABLE audit.log (LIKE public.log)");
        trigger(
                "logs",
                "a",
                DEFERRED,
                "INSERT INTO log VALUES (NEW.id, current_setting('TimeZone'), current_setting('app.backfill', true))");
        engine.close();
        db.run(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = audit, public', current_database());"
                        + " EXECUTE format('ALTER DATABASE %I SET TimeZone = ''America/Sao_Paulo''', current_database()); END $$");
        engine = TestEngine.on(db, new SteppedTime());
        assertThat(run("a", ", settings: { app.backfill: \"on\" }").state()).isEqualTo("succeeded");
        assertThat(db.value("SELECT count(*) FROM public.log")).isEqualTo("0");
        assertThat(db.value("SELECT count(*) || ' ' || min(zone) || ' ' || min(own) FROM audit.log"))
                .isEqualTo("300 America/Sao_Paulo on");
    }

    @Test
    void whatADeferredTriggerSetsEndsTheRunAndItsLocksAreReleased() throws Exception {
        trigger("sets", "a", DEFERRED, "PERFORM set_config('lock_timeout', '0', false), pg_advisory_lock(4711)");
        RunStatus run = run("a", "");
        assertThat(known(run.failure()).code()).isEqualTo("settings-changed");
        assertThat(known(run.failure()).message()).contains("lock_timeout");
        assertThat(db.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"))
                .isEqualTo("0");
    }

    @Test
    void aTemporaryTableOfOneJobIsNotTheNextJobs() throws Exception {
        trigger(
                "ta",
                "a",
                BEFORE,
                "CREATE TEMP TABLE IF NOT EXISTS log (id bigint); INSERT INTO log VALUES (NEW.id); LISTEN a");
        trigger("tb", "b", BEFORE, "INSERT INTO log VALUES (NEW.id)");
        assertThat(run("a", "").state()).isEqualTo("succeeded");
        assertThat(run("b", "").state()).isEqualTo("succeeded");
        assertThat(db.value("SELECT count(*) FROM log")).isEqualTo("300");
    }
}
