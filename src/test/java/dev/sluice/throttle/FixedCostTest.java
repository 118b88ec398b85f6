package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What surrounds the rows of a batch is told apart from what the rows cost. */
class FixedCostTest {
    private final FixedCost cost = new FixedCost();

    /** 2 ms around the rows, 0.1 ms a row, noise of 5 percent, sizes as a pace that grows makes them. */
    @Test
    void itIsWhereTheLineMeetsNoKeys() {
        var random = new Random(1);
        for (int i = 0; i < 60; i++) {
            int keys = 25 + 5 * (i % 20);
            cost.measured(keys, (0.002 + 0.0001 * keys) * (1 + 0.05 * random.nextGaussian()), 0.0003);
        }
        assertThat(cost.seconds()).isCloseTo(0.0023, within(0.0007));
    }

    @Test
    void ofOneSizeNothingIsKnown() {
        for (int i = 0; i < 60; i++) {
            cost.measured(25, 0.005, 0.0003);
        }
        assertThat(cost.seconds()).isZero();
    }

    @Test
    void theWayToAFarServerCountsForOneMillisecondAndNoBatchIsShorterThanIt() {
        for (int i = 0; i < 60; i++) {
            int keys = 25 + 5 * (i % 20);
            cost.measured(keys, 0.002 + 0.0001 * keys, 0.08);
        }
        assertThat(cost.seconds()).isCloseTo(0.003, within(1e-6));
        cost.measured(0, 0.5, 0.1);
        cost.measured(10, 0, 0.1);
        assertThat(cost.seconds()).isCloseTo(0.003, within(1e-6));
    }

    @Test
    void itIsNeverLessThanNothingNorMoreThanTheShortestBatch() {
        for (int i = 0; i < 60; i++) {
            int keys = 25 + 5 * (i % 20);
            cost.measured(keys, 0.0000001 * keys * keys, 0);
        }
        assertThat(cost.seconds()).isBetween(0.0, 0.0000001 * 25 * 25);
    }
}
