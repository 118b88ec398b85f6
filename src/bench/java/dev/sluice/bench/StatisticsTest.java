package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    private static final double[] HUNDRED =
            IntStream.rangeClosed(1, 100).mapToDouble(i -> i).toArray();

    @Test
    void aPercentileIsTheNearestRank() {
        assertThat(Statistics.percentile(HUNDRED, 0.5)).isEqualTo(50);
        assertThat(Statistics.percentile(HUNDRED, 0.95)).isEqualTo(95);
        assertThat(Statistics.percentile(HUNDRED, 0.99)).isEqualTo(99);
        assertThat(Statistics.percentile(HUNDRED, 0.991)).isEqualTo(100);
        assertThat(Statistics.percentile(HUNDRED, 1)).isEqualTo(100);
        assertThat(Statistics.percentile(new double[] {7}, 0.01)).isEqualTo(7);
        assertThat(Statistics.percentile(new double[] {7, 8, 9}, 0.5)).isEqualTo(8);
    }

    @Test
    void aPercentileNeedsValuesAndAShare() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Statistics.percentile(new double[0], 0.5))
                .withMessage("no values");
        for (double share : new double[] {0, -0.1, 1.01, 95, Double.NaN}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Statistics.percentile(HUNDRED, share))
                    .withMessageContaining(Double.toString(share));
        }
    }

    @Test
    void aMedianIsTheMiddleOrTheMeanOfTheTwoThere() {
        double[] three = {9, 1, 5};
        assertThat(Statistics.median(three)).isEqualTo(5);
        assertThat(three).as("left as it was").containsExactly(9, 1, 5);
        assertThat(Statistics.median(new double[] {9, 1, 5, 6})).isEqualTo(5.5);
        assertThat(Statistics.median(new double[0])).isNaN();
    }

    @Test
    void theUpperBoundComesFromItsSeed() {
        double[] ratios = {1.3, 0.9, 1.0, 1.1, 1.05, 0.95, 1.2, 1.02, 0.98, 1.15, 1.01, 0.99, 1.07, 1.12, 1.4};
        double bound = Statistics.upperBoundOfMedian(ratios, 10_000, 4);
        assertThat(Statistics.upperBoundOfMedian(ratios, 10_000, 4)).isEqualTo(bound);
        // binomial: the median of 15 draws is at least the 11th of the 15 values in 8.8 percent of all resamples, and
        // at
        // least the 12th in 2.5 percent
        assertThat(bound).isEqualTo(1.12);
        assertThat(LongStream.range(0, 20)
                        .mapToDouble(seed -> Statistics.upperBoundOfMedian(ratios, 10, seed))
                        .distinct()
                        .count())
                .as("bounds by other seeds, of few resamples")
                .isGreaterThan(1);
    }

    @Test
    void theUpperBoundOfOneValueIsThatValueAndOfNoneNothing() {
        assertThat(Statistics.upperBoundOfMedian(new double[] {1.25}, 100, 4)).isEqualTo(1.25);
        assertThat(Statistics.upperBoundOfMedian(new double[0], 100, 4)).isNaN();
    }

    @Property
    void theUpperBoundLiesBetweenTheMedianAndTheLargest(
            @ForAll @Size(min = 9, max = 40) List<@DoubleRange(min = 0.5, max = 5) Double> ratios, @ForAll long seed) {
        double[] values = ratios.stream().mapToDouble(r -> r).toArray();
        double bound = Statistics.upperBoundOfMedian(values, 500, seed);
        assertThat(bound).isBetween(Statistics.median(values), Collections.max(ratios));
    }

    @Test
    void latenciesOfAFailedTransactionAreTheWorst() {
        double[] millis = IntStream.rangeClosed(1, 100)
                .mapToDouble(i -> i <= 2 ? Double.POSITIVE_INFINITY : i)
                .toArray();
        assertThat(Latencies.of(millis)).isEqualTo(new Latencies(52, 97, Double.POSITIVE_INFINITY, 100));
        assertThatIllegalArgumentException().isThrownBy(() -> Latencies.of(new double[0]));
    }
}
