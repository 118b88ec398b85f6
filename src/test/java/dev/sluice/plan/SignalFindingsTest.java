package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Databases;
import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.time.Time;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A role that cannot read a signal is told so, and what to run. */
class SignalFindingsTest {
    private static final PlanBench BENCH = new PlanBench();
    private static final String ROLE = "signals_" + ProcessHandle.current().pid();
    private static final String JOB = "table: app.people\nset: {name: upper(name)}\nwhere: name IS NULL\n";
    private static Databases databases;
    private static DryRun dryRun;

    @BeforeAll
    static void role() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id int PRIMARY KEY, name text)",
                "ANALYZE",
                "CREATE ROLE " + ROLE + " LOGIN PASSWORD 'worker'",
                "GRANT USAGE ON SCHEMA app, sluice TO " + ROLE,
                "GRANT ALL ON ALL TABLES IN SCHEMA app TO " + ROLE,
                "GRANT ALL ON ALL TABLES IN SCHEMA sluice TO " + ROLE);
        databases = BENCH.databases(ROLE, "worker");
        dryRun = new DryRun(databases, Time.system());
    }

    @AfterAll
    static void close() {
        databases.close();
        BENCH.postgres.run("DROP OWNED BY " + ROLE, "DROP ROLE " + ROLE);
        BENCH.close();
    }

    private static List<Finding> signals(Job job) {
        return dryRun.examine(job).findings().stream()
                .filter(f -> f.code().startsWith("signal-"))
                .toList();
    }

    private static void revoke() {
        BENCH.postgres.run("REVOKE pg_read_all_stats FROM " + ROLE);
    }

    @Test
    void eachIsAWarningWithTheGrantAndTheRunGoesOn() {
        revoke();
        List<Finding> found = signals(job(JOB));
        assertThat(found)
                .extracting(Finding::key)
                .contains(
                        "migrate.throttle.replica-lag",
                        "migrate.throttle.active-sessions",
                        "migrate.throttle.oldest-transaction",
                        "migrate.throttle.autovacuum");
        assertThat(found).allMatch(f -> f.level().equals("warn") && f.code().equals("signal-off"));
        Finding lag = found.getFirst();
        assertThat(lag.message())
                .isEqualTo("Signal replica-lag cannot be read. Role " + ROLE
                        + " may not see how far replicas are. The run goes on without it.");
        assertThat(dryRun.examine(job(JOB)).runnable()).isTrue();
        BENCH.postgres.run(lag.fix());
        assertThat(signals(job(JOB))).noneMatch(f -> f.fix().startsWith("GRANT"));
    }

    @Test
    void oneThatTheJobAsksForIsARefusalUnlessItMayBeUnknown() {
        revoke();
        Finding refused =
                signals(job(JOB + "throttle: {replica-lag: {limit: 9s}}")).getFirst();
        assertThat(refused.level()).isEqualTo("refuse");
        assertThat(refused.code()).isEqualTo("signal-unreadable");
        assertThat(refused.key()).isEqualTo("migrate.throttle.replica-lag");
        assertThat(refused.message()).contains("on-unknown: ignore");
        assertThat(refused.fix()).startsWith("GRANT pg_read_all_stats TO " + ROLE);
        assertThat(signals(job(JOB + "throttle: {replica-lag: {limit: 9s, on-unknown: ignore}}")))
                .allMatch(f -> f.level().equals("warn"));
    }

    @Test
    void oneThatIsOffIsNotMissed() {
        revoke();
        assertThat(signals(job(JOB + "throttle: {replica-lag: off}")))
                .noneMatch(f -> f.key().contains("replica-lag"));
        assertThat(signals(job(JOB + "throttle: off"))).isEmpty();
    }
}
