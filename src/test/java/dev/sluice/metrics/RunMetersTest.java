package dev.sluice.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.sluice.checkpoint.RowsLeft;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunMetersTest {
    private final Meters meters = new Meters();
    private final RunMeters runs = new RunMeters(meters.registry(), List.of("queued", "running", "failed"));

    @AfterEach
    void close() {
        meters.close();
    }

    private static RunReading reading(String job, String state, @Nullable Double eta) {
        return new RunReading(
                job,
                "main",
                state,
                400L,
                0.6,
                eta,
                1000,
                8,
                0.75,
                0.5,
                new RunReading.Limited("replica-lag", 4.0, 5.0, 0.3),
                1.5,
                false);
    }

    private String line(String start) {
        return meters.scrape()
                .lines()
                .filter(l -> l.startsWith(start + " "))
                .findFirst()
                .orElse("absent");
    }

    @Test
    void batchesMoveTheCountersAndTheHistogram() {
        runs.recordBatch("users", "main", 1000, 700, new RowsLeft(20, 30, 10), 0.180);
        runs.recordBatch("users", "main", 1000, 0, RowsLeft.NONE, 0.020);

        assertThat(line("sluice_rows_scanned_total{database=\"main\",job=\"users\"}"))
                .endsWith(" 2000.0");
        assertThat(line("sluice_rows_changed_total{database=\"main\",job=\"users\"}"))
                .endsWith(" 700.0");
        assertThat(line("sluice_batches_total{database=\"main\",job=\"users\"}"))
                .endsWith(" 2.0");
        assertThat(line("sluice_batch_seconds_bucket{database=\"main\",job=\"users\",le=\"0.025\"}"))
                .endsWith(" 1");
        assertThat(line("sluice_batch_seconds_bucket{database=\"main\",job=\"users\",le=\"0.2\"}"))
                .endsWith(" 2");
        assertThat(line("sluice_batch_seconds_sum{database=\"main\",job=\"users\"}"))
                .endsWith(" 0.2");
        assertThat(line("sluice_batch_seconds_max{database=\"main\",job=\"users\"}"))
                .endsWith(" 0.18");
    }

    @Test
    void retriesAndHoldsAreKeptApartByTheirWord() {
        runs.recordRetry("users", "main", "timeout");
        runs.recordRetry("users", "main", "timeout");
        runs.recordRetry("users", "main", "away");
        runs.recordHold("users", "main", "rows-per-second", 1.5);
        runs.recordHold("users", "main", "rows-per-second", 0.25);

        assertThat(line("sluice_retries_total{database=\"main\",job=\"users\",kind=\"timeout\"}"))
                .endsWith(" 2.0");
        assertThat(line("sluice_retries_total{database=\"main\",job=\"users\",kind=\"away\"}"))
                .endsWith(" 1.0");
        assertThat(line("sluice_hold_seconds_total{database=\"main\",job=\"users\",reason=\"rows-per-second\"}"))
                .endsWith(" 1.75");
    }

    @Test
    void aReadingIsShownUntilTheNextOne() {
        runs.report(List.of(reading("users", "running", 12.5)));
        assertThat(line("sluice_rows_remaining{database=\"main\",job=\"users\"}"))
                .endsWith(" 400.0");
        assertThat(line("sluice_progress_ratio{database=\"main\",job=\"users\"}"))
                .endsWith(" 0.6");
        assertThat(line("sluice_eta_seconds{database=\"main\",job=\"users\"}")).endsWith(" 12.5");
        assertThat(line("sluice_batch_size{database=\"main\",job=\"users\"}")).endsWith(" 1000.0");
        assertThat(line("sluice_stripes{database=\"main\",job=\"users\"}")).endsWith(" 8.0");
        assertThat(line("sluice_hot_ratio{database=\"main\",job=\"users\"}")).endsWith(" 0.75");
        assertThat(line("sluice_checkpoint_age_seconds{database=\"main\",job=\"users\"}"))
                .endsWith(" 1.5");
        assertThat(line("sluice_gate_open{database=\"main\",gate=\"switch\",job=\"users\"}"))
                .endsWith(" 0.0");

        runs.report(
                List.of(new RunReading("users", "main", "failed", 0L, 1.0, 0.0, 2000, 1, 0.5, 1.0, null, 0.1, true)));
        assertThat(line("sluice_rows_remaining{database=\"main\",job=\"users\"}"))
                .endsWith(" 0.0");
        assertThat(line("sluice_batch_size{database=\"main\",job=\"users\"}")).endsWith(" 2000.0");
        assertThat(line("sluice_gate_open{database=\"main\",gate=\"switch\",job=\"users\"}"))
                .endsWith(" 1.0");
    }

    @Test
    void exactlyOneStateIsOne() {
        runs.report(List.of(reading("users", "running", null)));
        assertThat(meters.scrape().lines().filter(l -> l.startsWith("sluice_run_state{")))
                .containsExactlyInAnyOrder(
                        "sluice_run_state{database=\"main\",job=\"users\",state=\"queued\"} 0.0",
                        "sluice_run_state{database=\"main\",job=\"users\",state=\"running\"} 1.0",
                        "sluice_run_state{database=\"main\",job=\"users\",state=\"failed\"} 0.0");
        runs.report(List.of(reading("users", "failed", null)));
        assertThat(line("sluice_run_state{database=\"main\",job=\"users\",state=\"running\"}"))
                .endsWith(" 0.0");
        assertThat(line("sluice_run_state{database=\"main\",job=\"users\",state=\"failed\"}"))
                .endsWith(" 1.0");
    }

    @Test
    void whatIsNotKnownHasNoGauge() {
        runs.report(List.of(
                new RunReading("users", "main", null, null, null, null, null, null, null, null, null, null, null)));
        assertThat(meters.scrape().lines().filter(l -> l.startsWith("sluice_")))
                .as("counters at 0 only")
                .noneMatch(
                        l -> l.matches(
                                "sluice_(eta|stripes|hot|pace_|limited|rows_remaining|progress|batch_size|checkpoint|gate|run_state).*"))
                .anyMatch(l -> l.equals("sluice_rows_scanned_total{database=\"main\",job=\"users\"} 0.0"));

        runs.report(List.of(reading("users", "running", 3.0)));
        runs.report(List.of(reading("users", "running", Double.NaN)));
        assertThat(line("sluice_eta_seconds{database=\"main\",job=\"users\"}")).isEqualTo("absent");
        runs.report(List.of(reading("users", "running", 4.0)));
        assertThat(line("sluice_eta_seconds{database=\"main\",job=\"users\"}")).endsWith(" 4.0");
    }

    @Test
    void aJobThatIsGoneLosesItsGaugesAndNoOther() {
        runs.report(List.of(reading("users", "running", 3.0), reading("orders", "queued", 5.0)));
        runs.report(List.of(reading("orders", "queued", 5.0)));
        assertThat(meters.scrape().lines().filter(l -> l.contains("job=\"users\"")))
                .allMatch(
                        l -> l.matches(
                                "sluice_(rows_(scanned|changed|unchanged|collapsed)|batches|(working|paced|held)_seconds)_total.*|sluice_batch_seconds.*"));
        assertThat(line("sluice_eta_seconds{database=\"main\",job=\"orders\"}")).endsWith(" 5.0");
    }

    @Test
    void twoOfEverythingIsNoTrouble() {
        assertThatCode(() -> {
                    runs.report(List.of(reading("users", "running", 3.0), reading("users", "running", 4.0)));
                    new Meters().close();
                })
                .doesNotThrowAnyException();
    }

    @Test
    void theSchedulerShowsWhatItDoes() {
        var scheduler = new SchedulerMeters(meters.registry());
        assertThat(line("sluice_scheduler_up")).endsWith(" 0.0");
        scheduler.up(true);
        scheduler.began();
        scheduler.began();
        scheduler.ended("run", true);
        scheduler.misfired("schedule");
        assertThat(line("sluice_scheduler_up")).endsWith(" 1.0");
        assertThat(line("sluice_scheduler_jobs_executing")).endsWith(" 1.0");
        assertThat(line("sluice_scheduler_jobs_executed_total{group=\"run\"}")).endsWith(" 1.0");
        assertThat(line("sluice_scheduler_jobs_failed_total{group=\"run\"}")).endsWith(" 1.0");
        assertThat(line("sluice_scheduler_misfires_total{group=\"schedule\"}")).endsWith(" 1.0");
    }
}
