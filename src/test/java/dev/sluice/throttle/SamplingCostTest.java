package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SamplingCostTest {
    private static final long MILLI = 1_000_000;

    private final SamplingCost cost = new SamplingCost();
    private final Dial dial = new Dial("replica-lag");
    private final Dial other = new Dial("lock-waits");

    /** A round with one reading, which takes so long besides the way. */
    private void round(Dial source, long millis, long way) {
        cost.way(way * MILLI);
        cost.add(source, (millis + way) * MILLI);
        cost.endRound(List.of(dial, other));
    }

    private Duration interval() {
        return Duration.ofNanos(cost.interval());
    }

    @Test
    void whatIsDearEveryTimeIsReadLessOften() {
        for (int i = 0; i < 20; i++) {
            round(dial, 50, 3);
        }
        assertThat(interval()).as("50 ms each, 5 ms a second").isEqualTo(Duration.ofSeconds(10));
        assertThat(cost.seconds()).isEqualTo(20 * 0.05, Offset.offset(1e-9));
    }

    /** On a server that is short of cores: a throttle that reads less often there is blind just when load comes. */
    @Test
    void whatOnlyWaitsForACoreMostOfTheTimeIsReadAsOftenAsBefore() {
        for (int i = 0; i < 50; i++) {
            boolean atOnce = i % 10 == 5;
            round(dial, atOnce ? 2 : 80, atOnce ? 1 : 40);
            assertThat(interval()).as("after reading %d", i).isZero();
        }
    }

    @Test
    void theFirstReadingsSayNothingYet() {
        for (int i = 0; i < 9; i++) {
            round(dial, 400, 1);
            assertThat(interval()).isZero();
        }
    }

    @Test
    void allThatAreReadCountTogetherAndThoseOnly() {
        for (int i = 0; i < 20; i++) {
            round(dial, 4, 0);
            round(other, 4, 0);
        }
        assertThat(interval()).isEqualTo(Duration.ofMillis(1600));
        cost.endRound(List.of(dial));
        assertThat(interval()).as("4 ms a second").isZero();
    }
}
