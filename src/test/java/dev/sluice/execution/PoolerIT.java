package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.plan.DryRun;
import dev.sluice.plan.PlanReport;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.PgBouncer;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plain URL through PgBouncer in transaction mode, where one is on the path; {@code .ci/run} fetches it. */
@Tag("database")
class PoolerIT {
    /**
     * What another client would see: settings that are not the server's or its own, and what is left in the session.
     */
    private static final String TRACES = """
            SELECT pg_backend_pid() || ': ' || coalesce((SELECT string_agg(name || '=' || setting, ', ' ORDER BY name)
                     FROM pg_settings WHERE source = 'session'
                      AND name NOT IN ('TimeZone', 'DateStyle', 'client_encoding', 'application_name', 'standard_conforming_strings',
                                       'extra_float_digits', 'transaction_isolation')), '')
                   || coalesce((SELECT ' locks ' || count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
                                HAVING count(*) > 0), '')
                   || coalesce((SELECT ' prepared ' || count(*) FROM pg_prepared_statements WHERE NOT from_sql HAVING count(*) > 0), '')
                   || ' role ' || current_setting('role')""";

    @TempDir
    private Path folder;

    @Test
    void aRunOfSeveralLanesGoesThroughItAndLeavesNoTrace() throws Exception {
        Optional<Path> program = PgBouncer.program();
        assumeTrue(program.isPresent(), "there is no pgbouncer on the path");
        TestPostgres.Fresh direct = TestPostgres.create();
        direct.run(
                "CREATE SCHEMA audit",
                "CREATE TABLE public.t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, at timestamptz NOT NULL, day date)",
                "INSERT INTO public.t (id, at) SELECT g, timestamptz '2026-01-01 00:30:00+00' + g * interval '1 hour'"
                        + " FROM generate_series(1, 60000) g",
                "CREATE TABLE audit.log (id bigint)",
                "CREATE TABLE public.log (id bigint)",
                "CREATE FUNCTION public.logged() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NEW; END $$",
                "CREATE TRIGGER logs BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.logged()",
                "ANALYZE public.t",
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = audit, public', current_database());"
                        + " EXECUTE format('ALTER DATABASE %I SET TimeZone = ''America/Sao_Paulo''', current_database()); END $$");
        try (PgBouncer pooler = PgBouncer.before(program.get(), folder, direct, 4);
                TestEngine engine = TestEngine.on(pooler.database(), Time.system())) {
            String yaml = "job: t\nmigrate: { table: t, set: { n: n + 1, day: \"at::date\" }, where: day IS NULL,"
                    + " partitions: 3, batch: { size: 500 } }\nswitch: { verify: \"day = at::date AND n = 1\" }";
            PlanReport plan = new DryRun(engine.databases(), 1, Time.system()).plan(TestEngine.job(yaml));
            assertThat(plan.findings()).noneMatch(f -> f.level().equals("refuse"));
            RunStatus queued = engine.queue(TestEngine.job(yaml));
            var carried = engine.carryAside(queued.id());
            List<String> seen = new ArrayList<>();
            while (!carried.isDone()) {
                seen.addAll(others(pooler.database()));
            }
            RunStatus run = carried.get();
            assertThat(run.failure()).isNull();
            assertThat(run.state()).isEqualTo("succeeded");
            seen.addAll(others(pooler.database()));
            assertThat(seen).isNotEmpty().allSatisfy(s -> assertThat(s).matches("\\d+:  role none"));
            assertThat(direct.value("SELECT count(*) FROM public.t WHERE n <> 1"
                            + " OR day IS DISTINCT FROM (at AT TIME ZONE 'America/Sao_Paulo')::date"))
                    .isEqualTo("0");
            assertThat(direct.value("SELECT count(*) FROM audit.log")).isEqualTo("60000");
        }
    }

    /** The sessions that as many other clients have at a time. */
    private static List<String> others(TestPostgres.Fresh through) throws Exception {
        List<String> seen = new ArrayList<>();
        // as every client behind it has to
        var client = new TestPostgres.Fresh(through.url() + "?prepareThreshold=0", through.user(), through.password());
        try (Connection a = client.connect();
                Connection b = client.connect()) {
            for (Connection c : List.of(a, b)) {
                c.setAutoCommit(false);
                try (Statement s = c.createStatement();
                        var row = s.executeQuery(TRACES)) {
                    row.next();
                    seen.add(row.getString(1));
                }
            }
            a.rollback();
            b.rollback();
        }
        return seen;
    }
}
