package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;

/** The size follows the batch's time: quickly down, gently up, and never on a batch that says nothing. */
class BatchSizeTest {
    private static final double TARGET = 0.2;

    @Property
    void neverGrowsMoreThanByHalf(
            @ForAll @IntRange(min = 1, max = 100_000) int size,
            @ForAll @Scale(9) @DoubleRange(min = 1e-7, max = 100) double seconds,
            @ForAll @Scale(9) @DoubleRange(min = 0, max = 1) double before) {
        BatchSize next = new BatchSize(size, before).after(size, seconds, TARGET);
        // one key more is always allowed, or a size of one could never grow
        assertThat(next.size()).isLessThanOrEqualTo(Math.max(size + 1, (int) (size * 1.5)));
    }

    @Property
    void staysWithinItsBounds(
            @ForAll @IntRange(min = -5, max = 1_000_000) int start,
            @ForAll @IntRange(min = 0, max = 100_000) int keys,
            @ForAll @Scale(9) @DoubleRange(min = 0, max = 1e6) double seconds,
            @ForAll @Scale(9) @DoubleRange(min = 0.01, max = 10) double target) {
        BatchSize size = BatchSize.startingAt(start);
        assertThat(size.size()).isBetween(1, 100_000);
        assertThat(size.after(Math.min(keys, size.size()), seconds, target).size())
                .isBetween(1, 100_000);
        assertThat(size.halved(size.size()).size()).isBetween(1, 100_000);
    }

    @Property
    void shrinksAtOnceWhenFarOverTarget(
            @ForAll @IntRange(min = 2, max = 100_000) int size,
            @ForAll @Scale(9) @DoubleRange(min = 5.01, max = 1000) double timesOver,
            @ForAll @Scale(9) @DoubleRange(min = 0, max = 1e-3) double before) {
        BatchSize next = new BatchSize(size, before).after(size, timesOver * TARGET, TARGET);
        assertThat(next.size()).isLessThan(size);
        assertThat(next.size())
                .as("what would have fitted")
                .isBetween((int) (size / timesOver * 0.999), Math.max(1, (int) (size / timesOver * 1.001)));
    }

    @Property
    void aBatchThatRanOutOfKeysIsNoGroundToGrow(
            @ForAll @IntRange(min = 2, max = 100_000) int size,
            @ForAll @Scale(9) @DoubleRange(min = 0, max = 1) double share,
            @ForAll @Scale(9) @DoubleRange(min = 1e-9, max = 0.01) double seconds) {
        int keys = (int) Math.min(size - 1L, Math.max(1, Math.round(size * share)));
        assertThat(BatchSize.startingAt(size).after(keys, seconds, TARGET).size())
                .isLessThanOrEqualTo(size);
    }

    @Property
    void settlesNearTheTargetWhenTimeGrowsWithTheKeys(
            @ForAll @IntRange(min = 1, max = 100_000) int start,
            @ForAll @Scale(9) @DoubleRange(min = 5e-6, max = 1e-2) double perKey,
            @ForAll @Scale(9) @DoubleRange(min = 0, max = 0.01) double perBatch) {
        BatchSize size = BatchSize.startingAt(start);
        for (int i = 0; i < 40; i++) {
            size = size.after(size.size(), seconds(size.size(), perKey, perBatch), TARGET);
        }
        assertThat(seconds(size.size(), perKey, perBatch)).isBetween(TARGET * 0.8, TARGET * 1.2);
    }

    @Property
    void holdsItsPlaceInNoise(@ForAll long seed) {
        Random random = new Random(seed);
        BatchSize size = BatchSize.startingAt(1000);
        for (int i = 0; i < 200; i++) {
            double noise = 0.5 + random.nextDouble();
            size = size.after(size.size(), size.size() * 1e-4 * noise, TARGET);
            if (i > 20) {
                assertThat(size.size()).isBetween(1000, 4000); // 2,000 keys fit
            }
        }
    }

    @Example
    void followsAJumpInCostDownInOneStepAndUpInSome() {
        BatchSize size = new BatchSize(2000, 1e-4);
        size = size.after(2000, 4, TARGET); // twenty times as slow: an index was added, a lock was waited for
        assertThat(size.size()).isEqualTo(100);
        for (int i = 0; i < 25; i++) {
            size = size.after(size.size(), size.size() * 1e-4, TARGET);
        }
        assertThat(size.size()).isBetween(1800, 2200);
    }

    @Example
    void aBatchWithoutKeysOrTimeChangesNothing() {
        BatchSize size = new BatchSize(500, 1e-4);
        assertThat(size.after(0, 1, TARGET)).isEqualTo(size);
        assertThat(size.after(500, 0, TARGET)).isEqualTo(size);
    }

    @Example
    void aTimeoutHalves() {
        assertThat(BatchSize.startingAt(999).halved(2000).size()).isEqualTo(499);
        assertThat(BatchSize.startingAt(1).halved(1).size()).isEqualTo(1);
    }

    private static double seconds(int keys, double perKey, double perBatch) {
        return keys * perKey + perBatch;
    }
}
