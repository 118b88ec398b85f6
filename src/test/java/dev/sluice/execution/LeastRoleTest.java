package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fleet.Agreement;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.phase.GateAnswer;
import dev.sluice.phase.SwitchGate;
import dev.sluice.plan.DryRun;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * From the job file to an open gate, with a role that has what plan says and nothing more: the tables are another
 * role's, who analyses them when the run asks for it.
 */
@Timeout(60)
class LeastRoleTest {
    private static final HookedTime TIME = new HookedTime();
    private static final String ROLE = "least_" + ProcessHandle.current().pid();
    private static final TestPostgres.Fresh POSTGRES = TestPostgres.create();
    private static TestEngine engine;

    @BeforeAll
    static void start() {
        POSTGRES.run(
                "CREATE ROLE " + ROLE + " LOGIN PASSWORD 'x'",
                "GRANT CREATE ON DATABASE " + POSTGRES.value("SELECT current_database()") + " TO " + ROLE,
                "CREATE SCHEMA app");
        engine = TestEngine.on(new TestPostgres.Fresh(POSTGRES.url(), ROLE, "x"), TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
        POSTGRES.run("DROP OWNED BY " + ROLE + " CASCADE", "DROP ROLE " + ROLE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            set         | T  | T       | set: { b: a * 2 }, where: b IS NULL
            insert      | T  | filled  | insert: { into: app.filled, columns: { id: id, b: a }, conflict: { columns: [id], do: update } }
            delete      | T  | T       | delete: true, where: a <= 100
            sql         | T  | T       | sql: "UPDATE app.T x SET b = a WHERE {batch:x} AND b IS NULL", where: b IS NULL
            partitioned | P  | P       | set: { b: a * 2 }, where: b IS NULL
            """)
    void fromTheFileToTheOpenGate(String shape, String table, String changed, String migrate) throws Exception {
        tables();
        Job job = TestEngine.job("job: least-" + shape + "\nmigrate: { table: app."
                + table.toLowerCase(java.util.Locale.ROOT) + ", " + migrate.replace("app.T", "app.t") + " }");
        DryRun dryRun = new DryRun(engine.databases(), 0.005, Time.system());
        for (int tries = 0; tries < 5; tries++) {
            List<Finding> refused = dryRun.plan(job).findings().stream()
                    .filter(f -> f.level().equals("refuse"))
                    .toList();
            assertThat(refused)
                    .as("only privileges are missing")
                    .allMatch(f -> f.code().equals("missing-privilege"));
            refused.forEach(f -> POSTGRES.run(f.fix()));
        }
        assertThat(dryRun.plan(job).runnable()).isTrue();
        assertThat(dryRun.check(job)).as("told beforehand").anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("cannot-analyze");
            assertThat(f.message()).contains("app." + changed.toLowerCase(java.util.Locale.ROOT), "not-analyzed");
        });

        UUID id = engine.queue(job).id();
        AtomicBoolean asked = new AtomicBoolean();
        TIME.atWaits(nth -> {
            engine.awaitBeat(id);
            RunStatus.Limit limit = engine.runs().find(id).orElseThrow().limitedBy();
            if (limit != null && limit.reason().equals("not-analyzed") && !asked.getAndSet(true)) {
                assertThat(limit.message()).contains("Let the owner of the table run: ANALYZE \"app\".\"");
                POSTGRES.run("ANALYZE app." + changed);
            }
        });
        RunStatus run = engine.execute(id);
        assertThat(run.failure()).isNull();
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(asked).isTrue();
        SwitchGate gates = new SwitchGate(
                () -> List.of(new JobFile("j.yaml", Optional.of(job), List.of(), Map.of())),
                engine.runs(),
                engine.databases(),
                Agreement.ALONE,
                Duration.ofHours(1),
                Optional.empty());
        GateAnswer gate = gates.switchGate(job.name());
        assertThat(gate.open()).as(gate.reasons().toString()).isTrue();
        TIME.free();
    }

    private static void tables() {
        POSTGRES.run(
                "DROP TABLE IF EXISTS app.t, app.filled, app.p",
                "CREATE TABLE app.t (id int PRIMARY KEY, a int, b int) WITH (autovacuum_enabled = off)",
                "INSERT INTO app.t SELECT g, g FROM generate_series(1, 500) g",
                "CREATE TABLE app.filled (id int PRIMARY KEY, b int) WITH (autovacuum_enabled = off)",
                "CREATE TABLE app.p (id int PRIMARY KEY, a int, b int) PARTITION BY RANGE (id)",
                "CREATE TABLE app.p1 PARTITION OF app.p FOR VALUES FROM (0) TO (200) WITH (autovacuum_enabled = off)",
                "CREATE TABLE app.p2 PARTITION OF app.p FOR VALUES FROM (200) TO (1000) WITH (autovacuum_enabled = off)",
                "INSERT INTO app.p SELECT g, g FROM generate_series(1, 500) g",
                "ANALYZE app.t, app.filled, app.p");
    }
}
