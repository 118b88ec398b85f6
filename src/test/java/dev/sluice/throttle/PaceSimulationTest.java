package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The pace on simulated databases: what others do presses by {@code others}, a lane at full speed by {@code ours} more;
 * the answer comes {@code delay} seconds late and with noise of ten percent.
 */
class PaceSimulationTest {
    private static final double NOISE = 0.1;

    private static List<Double> shares(IntToDoubleFunction others, double ours, int delay, int seconds, long seed) {
        var random = new Random(seed);
        var shares = new ArrayList<Double>();
        Pace pace = Pace.start(PaceSettings.DEFAULT);
        for (int t = 0; t < seconds; t++) {
            double felt = shares.size() >= delay ? shares.get(shares.size() - delay) : 0;
            double pressure = (others.applyAsDouble(t) + ours * felt) * Math.exp(NOISE * random.nextGaussian());
            pace = pace.after(pressure, false, 1, false, 1, PaceSettings.DEFAULT);
            shares.add(pace.held() ? 0 : pace.share());
        }
        return shares;
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /**
     * Settled means: within a quarter of where it stays. The dead band is wider than that, so a run may settle anywhere
     * in it.
     */
    @ParameterizedTest
    @CsvSource({
        "0.1, 0.3, 1",
        "0.1, 0.3, 3",
        "0.2, 1.2, 1",
        "0.2, 1.2, 2",
        "0.3, 2, 1",
        "0.3, 2, 2",
        "0.1, 4, 1",
        "0.1, 4, 2",
        "0.5, 1, 1",
        "0.5, 1, 2",
        "0.6, 0.6, 1"
    })
    void settlesWithinThirtySecondsAndSwingsByNoMoreThanAFifth(double others, double ours, int delay) {
        int late = 0;
        int swinging = 0;
        for (int seed = 0; seed < 40; seed++) {
            List<Double> shares = shares(t -> others, ours, delay, 120, seed);
            List<Double> after = shares.subList(60, 120);
            double settled = median(after);
            List<Double> soon = shares.subList(30, 60);
            if (soon.stream().anyMatch(s -> Math.abs(s - settled) > 0.25 * settled)) {
                late++;
            }
            if (after.stream().anyMatch(s -> Math.abs(s - settled) > 0.2 * settled + 1e-9)) {
                swinging++;
            }
            double pressure = others + ours * settled;
            assertThat(pressure)
                    .as("pressure at the settled pace, seed %d", seed)
                    .isLessThan(1.05);
            assertThat(settled == 1 || pressure > 0.55)
                    .as("nothing is given away: pressure %s, seed %d", pressure, seed)
                    .isTrue();
        }
        assertThat(late).as("of 40 not settled after 30 s").isLessThanOrEqualTo(4);
        assertThat(swinging).as("of 40 swinging by more than a fifth").isLessThanOrEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"1.6, 0.3", "1.6, 0.9", "3, 0.3", "3, 0.9", "20, 0.3"})
    void followsASquareWaveWithinTenSecondsEachWay(double loud, double ours) {
        for (int seed = 0; seed < 40; seed++) {
            List<Double> shares = shares(t -> t / 60 % 2 == 1 ? loud : 0.1, ours, 2, 300, seed);
            for (int wave = 60; wave < 300; wave += 120) {
                assertThat(shares.subList(wave + 10, wave + 60))
                        .as("while the load is there, seed %d", seed)
                        .allMatch(s -> s <= 0.15);
            }
            for (int wave = 120; wave < 240; wave += 120) {
                double free = Math.min(1, 0.8 / ours);
                assertThat(shares.get(wave + 10))
                        .as("ten seconds after it has gone, seed %d", seed)
                        .isGreaterThan(0.5 * free);
            }
        }
    }

    @Test
    void comesBackAfterADisturbance() {
        List<Double> shares = shares(t -> t >= 60 && t < 65 ? 5 : 0.2, 1.2, 2, 120, 7);
        double before = median(shares.subList(40, 60));
        assertThat(shares.subList(62, 66)).contains(0.0);
        assertThat(median(shares.subList(95, 120))).isBetween(0.7 * before, 1.4 * before);
    }
}
