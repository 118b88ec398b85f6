package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.job.CustomSignal;
import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SignalEvaluatorTest {

    private static SignalSettings settings(SignalKind kind, Map<String, Double> limits, String... except) {
        Map<String, Double> all = new HashMap<>(kind.limits());
        all.putAll(limits);
        return new SignalSettings(true, true, all, Set.of(except), true);
    }

    private static Verdict verdict(SignalKind kind, Measurement... levels) {
        return SignalEvaluator.of(kind, SignalSettings.byDefault(kind), List.of(levels))
                .orElseThrow();
    }

    @Test
    void saysWhatWasMeasuredAndWhereTheLimitIs() {
        Verdict over = verdict(SignalKind.REPLICA_LAG, Measurement.of("limit", "replica1", 7.2, "7.2s"));
        assertThat(over.text()).isEqualTo("replica-lag of replica1 7.2s >= 5s");
        assertThat(over.pressure()).isEqualTo(7.2 / 5);
        assertThat(over.isOver()).isTrue();
        Verdict under = verdict(SignalKind.REPLICA_LAG, Measurement.of("limit", "replica1", 1.2, "1.2s"));
        assertThat(under.text()).isEqualTo("replica-lag of replica1 1.2s < 5s");
        assertThat(under.isOver()).isFalse();
        assertThat(verdict(SignalKind.LOCK_WAITS, Measurement.of("limit", "", 2, "2 sessions")))
                .isEqualTo(new Verdict("lock-waits", "", 2, 2, 1, "lock-waits 2 sessions >= 2", false));
    }

    @Test
    void theWorstLevelCounts() {
        Verdict worst = verdict(
                SignalKind.REPLICA_LAG,
                Measurement.of("limit", "a", 1, "1s"),
                Measurement.of("bytes", "a", 1.5e9, "1.5GB"),
                Measurement.of("limit", "b", 6, "6s"),
                Measurement.of("bytes", "b", 0, "0B"));
        assertThat(worst.text()).isEqualTo("replica-lag of a 1.5GB >= 1GB");
        assertThat(SignalEvaluator.of(
                        SignalKind.REPLICA_LAG, SignalSettings.byDefault(SignalKind.REPLICA_LAG), List.of()))
                .isEmpty();
    }

    @Test
    void aHardOneIsWorseThanAnyOther() {
        Verdict hard = verdict(
                SignalKind.AUTOVACUUM,
                Measurement.of("limit", "app.a", 1e6, "11.5d"),
                new Measurement("limit", "app.b", 1, "1s", Better.LESS, true));
        assertThat(hard.text()).isEqualTo("autovacuum of app.b 1s, whatever the limit");
        assertThat(hard.hard()).isTrue();
        assertThat(hard.isOver()).isTrue();
        assertThat(hard.pressure()).isEqualTo(1);
    }

    @Test
    void whatIsExceptedDoesNotCount() {
        Measurement lagging = Measurement.of("limit", "reporting", 100, "100s");
        Measurement second = Measurement.of("limit", "reporting (10.0.0.5)", 100, "100s");
        Measurement hard = new Measurement("limit", "reporting", 1, "1s", Better.LESS, true);
        Measurement other = Measurement.of("limit", "reporting2", 1, "1s");
        List<Measurement> levels = List.of(lagging, second, hard, other);
        assertThat(SignalEvaluator.of(
                        SignalKind.REPLICA_LAG, settings(SignalKind.REPLICA_LAG, Map.of(), "reporting"), levels))
                .hasValueSatisfying(v -> assertThat(v.subject()).isEqualTo("reporting2"));
        assertThat(SignalEvaluator.of(
                        SignalKind.REPLICA_LAG,
                        settings(SignalKind.REPLICA_LAG, Map.of(), "reporting", "reporting2"),
                        levels))
                .isEmpty();
    }

    @Test
    void moreMayBeBetter() {
        Measurement left = new Measurement("limit", "s1", 0.5e9, "500MB left", Better.MORE, false);
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, left).text())
                .isEqualTo("replication-slots of s1 500MB left <= 1GB");
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, left).pressure()).isEqualTo(2);
        Measurement plenty = new Measurement("limit", "s1", 4e9, "4GB left", Better.MORE, false);
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, plenty).text())
                .isEqualTo("replication-slots of s1 4GB left > 1GB");
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, plenty).pressure()).isEqualTo(0.25);
        Measurement gone = new Measurement("limit", "s1", -1, "-1B left", Better.MORE, false);
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, gone).pressure()).isEqualTo(SignalEvaluator.MOST);
    }

    @Test
    void aServerThatLeavesLessThanTheLimitIsHeldAgainstWhatItLeaves() {
        Measurement left =
                new Measurement("limit", "s1", 40e6, "40MB left", Better.MORE, false, new Scale.AtMost(32e6));
        Verdict verdict = verdict(SignalKind.REPLICATION_SLOTS, left);
        assertThat(verdict.limit()).isEqualTo(32e6);
        assertThat(verdict.text()).isEqualTo("replication-slots of s1 40MB left > 32MB");
        Measurement plenty =
                new Measurement("limit", "s1", 40e9, "40GB left", Better.MORE, false, new Scale.AtMost(32e9));
        assertThat(verdict(SignalKind.REPLICATION_SLOTS, plenty).limit()).isEqualTo(1e9);
    }

    @Test
    void latencyIsInTimesOfTheBaselineOrOfTheFloor() {
        assertThat(verdict(SignalKind.COMMIT_LATENCY, canary(0.065, 0.020)))
                .isEqualTo(new Verdict(
                        "commit-latency",
                        "",
                        0.065 / 0.020,
                        3,
                        0.065 / 0.020 / 3,
                        "commit-latency x >= 3 x 20ms",
                        false));
        // three times of a fast disk is still fast
        Verdict fast = verdict(SignalKind.COMMIT_LATENCY, canary(0.009, 0.001));
        assertThat(fast.text()).isEqualTo("commit-latency x < 3 x 10ms");
        assertThat(fast.pressure()).isCloseTo(0.3, org.assertj.core.data.Offset.offset(1e-9));
        assertThat(verdict(SignalKind.COMMIT_LATENCY, canary(0.031, 0)).isOver())
                .isTrue();
        SignalSettings noFloor = settings(SignalKind.COMMIT_LATENCY, Map.of("floor", 0.0));
        assertThat(SignalEvaluator.of(SignalKind.COMMIT_LATENCY, noFloor, List.of(canary(0.001, 0))))
                .hasValueSatisfying(v -> assertThat(v.pressure()).isFinite());
    }

    private static Measurement canary(double seconds, double quiet) {
        return new Measurement("limit", "", seconds, "x", Better.LESS, false, new Scale.TimesOf(quiet));
    }

    @Test
    void aChosenSignalHasItsOwnLimitOrOne() {
        var query = new CustomSignal.Sql("queue", "SELECT 1", OptionalDouble.of(0.05), Duration.ofSeconds(5), true);
        assertThat(SignalEvaluator.of(query, List.of(Measurement.of("limit", "", 0.04, "0.04"))))
                .hasValueSatisfying(v -> assertThat(v.text()).isEqualTo("queue 0.04 < 0.05"));
        var status = new CustomSignal.Http(
                "health",
                java.net.URI.create("http://x"),
                java.util.Optional.empty(),
                OptionalDouble.empty(),
                Duration.ofSeconds(5),
                true);
        assertThat(SignalEvaluator.of(status, List.of(Measurement.of("limit", "", 1, "429"))))
                .hasValueSatisfying(v -> assertThat(v.isOver()).isTrue());
        assertThat(SignalEvaluator.of(status, List.of())).isEmpty();
    }

    @Test
    void whatNobodyLimitsIsAMistakeOfTheSource() {
        assertThatThrownBy(() -> verdict(SignalKind.LOCK_WAITS, Measurement.of("bytes", "", 1, "1B")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no limit bytes");
        assertThatThrownBy(() -> Measurement.of("limit", "a", Double.NaN, "?"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a number");
    }
}
