package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.time.Time;
import java.util.List;
import java.util.OptionalInt;
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
        dryRun = new DryRun(databases, 0.005, Time.system());
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

    private static List<Finding> budget(DryRun by, String throttle) {
        return by.examine(job(JOB + throttle)).findings().stream()
                .filter(f -> f.code().startsWith("budget-"))
                .toList();
    }

    /** Without the privilege a server where nobody is at work is never used in full, and no signal says so. */
    @Test
    void aBudgetThatCannotSeeOthersIsAWarningWithTheGrant() {
        revoke();
        Finding blind = budget(dryRun, "throttle: {active-sessions: off}").getFirst();
        assertThat(blind.level()).isEqualTo("warn");
        assertThat(blind.code()).isEqualTo("budget-blind");
        assertThat(blind.key()).isEqualTo("migrate.throttle.cores");
        assertThat(blind.message()).contains("Role " + ROLE + " may not see", "as if others were at work");
        BENCH.postgres.run("INSERT INTO app.people SELECT generate_series(1, 500)", "ANALYZE app.people");
        PlanReport plan = dryRun.plan(job(JOB));
        assertThat(known(plan.estimatedSeconds())).isEqualTo(plan.estimatedSecondsBesideOthers());
        assertThat(budget(dryRun, "throttle: {cores: off}")).isEmpty();
        assertThat(budget(dryRun, "throttle: {cores: 100%}")).isEmpty();
        assertThat(budget(dryRun, "throttle: off")).isEmpty();
        BENCH.postgres.run(blind.fix());
        assertThat(budget(dryRun, "")).noneMatch(f -> f.code().equals("budget-blind"));
        PlanReport seen = dryRun.plan(job(JOB));
        assertThat(known(seen.estimatedSeconds())).isLessThan(known(seen.estimatedSecondsBesideOthers()));
    }

    @Test
    void coresThatAreTakenForGrantedAreAWarningWithTheKeyToSet() {
        Finding assumed = elsewhere(OptionalInt.empty()).stream()
                .filter(f -> f.code().equals("budget-assumed"))
                .findFirst()
                .orElseThrow();
        assertThat(assumed.level()).isEqualTo("warn");
        assertThat(assumed.message()).contains("one of 4 cores");
        assertThat(assumed.fix()).isEqualTo("set databases.main.cores in the configuration.");
        assertThat(elsewhere(OptionalInt.of(8))).noneMatch(f -> f.code().equals("budget-assumed"));
    }

    /** On a server whose address does not say that it is on this machine. */
    private static List<Finding> elsewhere(OptionalInt cores) {
        String url = BENCH.postgres.url().replaceFirst("//([^/]+)/", "//$1,$1/");
        DatabaseSettings s = DatabaseSettings.of("main", url, ROLE, "worker");
        DatabaseSettings with = new DatabaseSettings(
                s.name(),
                s.url(),
                s.user(),
                s.password(),
                s.poolSize(),
                s.lockTimeout(),
                s.statementTimeout(),
                s.idleInTransactionTimeout(),
                s.transactionTimeout(),
                s.analyzeTimeout(),
                s.connectTimeout(),
                s.socketTimeout(),
                cores);
        try (Databases there = new Databases(List.of(with), "main")) {
            return budget(new DryRun(there, 0.005, Time.system()), "throttle: {active-sessions: off}");
        }
    }

    @Test
    void oneThatIsOffIsNotMissed() {
        revoke();
        assertThat(signals(job(JOB + "throttle: {replica-lag: off}")))
                .noneMatch(f -> f.key().contains("replica-lag"));
        assertThat(signals(job(JOB + "throttle: off"))).isEmpty();
    }
}
