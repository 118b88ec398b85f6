package dev.sluice.plan;

import static dev.sluice.plan.PlanBench.job;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A verification that cannot be evaluated is found before a run has changed any row. */
class VerificationTrialTest {
    private static final PlanBench BENCH = new PlanBench();

    @BeforeAll
    static void tables() {
        BENCH.postgres.run(
                "CREATE SCHEMA app",
                "CREATE TYPE app.extra AS (n int, doc json)",
                "CREATE TABLE app.t (id int PRIMARY KEY, n int, e app.extra, f app.extra[])",
                "INSERT INTO app.t (id, n) SELECT g, g FROM generate_series(1, 50) g",
                "CREATE TABLE app.copy (id int PRIMARY KEY, e app.extra)",
                "ANALYZE");
    }

    @AfterAll
    static void close() {
        BENCH.close();
    }

    private static final String SET =
            "table: app.t\nset: {e: \"ROW(n, ('[' || n || ']')::json)::app.extra\"}\nwhere: e IS NULL";

    @Test
    void thePreflightOfARunFindsIt() {
        Job job = job(SET, "e = ROW(n, ('[' || n || ']')::json)::app.extra");
        List<Finding> refused = BENCH.check(job).refusals();
        assertThat(refused).singleElement().satisfies(f -> {
            assertThat(f.code()).isEqualTo("verification-fails");
            assertThat(f.key()).isEqualTo("switch.verify");
            assertThat(f.message()).contains("42883");
            assertThat(f.fix()).contains("::text");
        });
        assertThat(BENCH.postgres.value("SELECT count(e) FROM app.t")).isEqualTo("0");
    }

    @Test
    void theDefaultComparesTheTextsOfWhatHasNoEquality() {
        PlanReport report = BENCH.plan(job(SET));
        assertThat(report.findings()).noneMatch(f -> f.level().equals("refuse"));
        assertThat(report.verifyCondition()).contains("::text IS NOT DISTINCT FROM", "::text");
        PlanReport array =
                BENCH.plan(job("table: app.t\nset: {f: \"ARRAY[ROW(n, '{}')::app.extra]\"}\nwhere: f IS NULL"));
        assertThat(array.findings()).noneMatch(f -> f.level().equals("refuse"));
    }

    @Test
    void theTrialMeetsWhatNoDerivedRowCanShow() {
        // over the whole row, so that only the changed row itself will do
        Job job = job(SET, "(t.*)::app.t IS NOT DISTINCT FROM (t.*)::app.t");
        assertThat(BENCH.plan(job).findings())
                .anySatisfy(f -> assertThat(f.code()).isEqualTo("verification-fails"));
    }

    @Test
    void rowsOfTheTrialThatDoNotHoldItAreCounted() {
        Job job = job("table: app.t\nset: {n: \"0 - id\"}\nwhere: n > 0", "n < -10");
        assertThat(BENCH.plan(job).findings()).anySatisfy(f -> {
            assertThat(f.code()).isEqualTo("trial-violates");
            assertThat(f.message()).startsWith("10 of 50 rows");
        });
    }
}
