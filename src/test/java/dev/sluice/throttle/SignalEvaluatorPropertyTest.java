package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever is measured, and whatever the limit. */
class SignalEvaluatorPropertyTest {

    @Provide
    Arbitrary<Double> anyNumber() {
        return Arbitraries.oneOf(
                Arbitraries.doubles(),
                Arbitraries.doubles().between(0, 10),
                Arbitraries.integers().between(-3, 3).map(Integer::doubleValue),
                Arbitraries.of(
                        Double.MIN_VALUE,
                        Double.MAX_VALUE,
                        Double.POSITIVE_INFINITY,
                        Double.NEGATIVE_INFINITY,
                        Math.nextDown(5.0),
                        Math.nextUp(5.0),
                        5.0));
    }

    @Property
    void pressureIsOneExactlyWhereTheLimitIsReached(
            @ForAll("anyNumber") double value, @ForAll("anyNumber") double limit) {
        double less = SignalEvaluator.pressure(value, limit, Better.LESS);
        assertThat(less).isBetween(0.0, SignalEvaluator.MOST);
        assertThat(less >= 1).isEqualTo(value >= limit);
        double more = SignalEvaluator.pressure(value, limit, Better.MORE);
        assertThat(more).isBetween(0.0, SignalEvaluator.MOST);
        assertThat(more >= 1).isEqualTo(value <= limit);
    }

    @Property
    void moreIsNeverLessPressure(
            @ForAll("anyNumber") double a, @ForAll("anyNumber") double b, @ForAll("anyNumber") double limit) {
        double low = Math.min(a, b);
        double high = Math.max(a, b);
        assertThat(SignalEvaluator.pressure(low, limit, Better.LESS))
                .isLessThanOrEqualTo(SignalEvaluator.pressure(high, limit, Better.LESS));
        assertThat(SignalEvaluator.pressure(low, limit, Better.MORE))
                .isGreaterThanOrEqualTo(SignalEvaluator.pressure(high, limit, Better.MORE));
    }

    @Provide
    Arbitrary<Measurement> level() {
        return Combinators.combine(
                        Arbitraries.of("limit", "retained"),
                        Arbitraries.of("a", "b", "b (10.0.0.1)", ""),
                        anyNumber(),
                        Arbitraries.of(Better.class),
                        Arbitraries.of(true, false, false, false),
                        Arbitraries.oneOf(
                                Arbitraries.just((Scale) new Scale.Plain()),
                                anyNumber().map(Scale.AtMost::new)))
                .as((measure, subject, value, better, hard, scale) ->
                        new Measurement(measure, subject, value, "text", better, hard, scale));
    }

    @Property
    void theWorstOfAllIsTheWorstOfEach(@ForAll("levels") List<Measurement> levels, @ForAll("anyNumber") double limit) {
        var settings = new SignalSettings(true, true, Map.of("limit", limit, "retained", 5.0), Set.of("b"), true);
        List<Verdict> each = levels.stream()
                .flatMap(l -> SignalEvaluator.of(SignalKind.REPLICATION_SLOTS, settings, List.of(l)).stream())
                .toList();
        assertThat(each).hasSize((int)
                levels.stream().filter(l -> !l.subject().startsWith("b")).count());
        assertThat(each).allSatisfy(v -> {
            assertThat(v.pressure()).isBetween(0.0, SignalEvaluator.MOST);
            assertThat(v.isOver()).isEqualTo(v.pressure() >= 1);
        });
        var worst = SignalEvaluator.of(SignalKind.REPLICATION_SLOTS, settings, levels);
        assertThat(worst.isPresent()).isEqualTo(!each.isEmpty());
        worst.ifPresent(w -> {
            assertThat(each).contains(w);
            assertThat(w.hard()).isEqualTo(each.stream().anyMatch(Verdict::hard));
            assertThat(each).allMatch(v -> v.hard() != w.hard() || v.pressure() <= w.pressure());
        });
    }

    @Provide
    Arbitrary<List<Measurement>> levels() {
        return level().list().ofMaxSize(6);
    }

    @Property
    void belowTheFloorNothingCounts(@ForAll("seconds") double seconds, @ForAll("seconds") double quiet) {
        var settings = new SignalSettings(true, true, Map.of("limit", 1.1, "floor", 5.0), Set.of(), true);
        var level = new Measurement("limit", "", seconds, "text", Better.LESS, false, new Scale.TimesOf(quiet));
        Verdict verdict = SignalEvaluator.of(SignalKind.COMMIT_LATENCY, settings, List.of(level))
                .orElseThrow();
        if (seconds <= 5) {
            assertThat(verdict.isOver()).isFalse();
        }
        assertThat(verdict.isOver()).isEqualTo(verdict.value() >= 1.1);
    }

    @Provide
    Arbitrary<Double> seconds() {
        return Arbitraries.doubles().between(0, 20);
    }
}
