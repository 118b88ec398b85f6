package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.job.ThrottleSettings;
import java.util.Map;
import java.util.OptionalInt;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;

class CoreBudgetTest {
    @Example
    void besideAnApplicationItIsTheShareAndLanesDivideIt() {
        var budget = new CoreBudget(0.05, 16, true);
        assertThat(budget.pace(6, 1)).isEqualTo(0.8, within(1e-9));
        assertThat(budget.pace(6, 2)).isEqualTo(0.4, within(1e-9));
        assertThat(budget.pace(Double.NaN, 1)).as("not known").isEqualTo(0.8, within(1e-9));
        assertThat(new CoreBudget(0.05, 2, true).pace(1, 1)).isEqualTo(0.1, within(1e-9));
        assertThat(new CoreBudget(0.05, 64, true).pace(30, 1))
                .as("a lane has one session")
                .isEqualTo(1);
    }

    @Example
    void withFewerOthersItGrowsAndWithNobodyItIsEverything() {
        var budget = new CoreBudget(0.05, 4, true);
        assertThat(budget.pace(0.8, 1)).isEqualTo(0.2, within(1e-9));
        assertThat(budget.pace(0.4, 1)).isEqualTo(0.4, within(1e-9));
        assertThat(budget.pace(0.1, 1)).isEqualTo(1);
        assertThat(budget.pace(0, 4)).isEqualTo(1);
    }

    @Property
    void allLanesTogetherKeepTheBudget(
            @ForAll @Scale(3) @DoubleRange(min = 0.001, max = 1) double share,
            @ForAll @IntRange(min = 1, max = 256) int cores,
            @ForAll @DoubleRange(min = 0, max = 500) double sessions,
            @ForAll @IntRange(min = 1, max = 100) int lanes) {
        var budget = new CoreBudget(share, cores, true);
        double pace = budget.pace(sessions, lanes);
        assertThat(pace).isBetween(CoreBudget.LEAST, 1.0);
        assertThat(pace == CoreBudget.LEAST || pace * lanes <= budget.now(sessions) * cores + 1e-9)
                .isTrue();
        assertThat(budget.now(sessions)).isBetween(Math.min(1, share), 1.0);
    }

    @Example
    void itSaysWhatItIs() {
        assertThat(new CoreBudget(0.05, 16, true).text(9))
                .isEqualTo("batches may keep 5% of the 16 cores busy beside 9 busy sessions of others");
        assertThat(new CoreBudget(0.05, 4, true).text(1))
                .isEqualTo("batches may keep 5% of the 4 cores busy beside 1 busy session of others");
        assertThat(new CoreBudget(0.05, 16, true).text(Double.NaN))
                .isEqualTo("batches may keep 5% of the 16 cores busy beside others, whose number is not known");
        assertThat(new CoreBudget(0.125, 4, false).text(3.27))
                .isEqualTo("batches may keep 12% of the 4 cores (assumed; set databases.*.cores) busy"
                        + " beside 3.2 busy sessions of others");
        assertThat(new CoreBudget(0.001, 2, true).isExceeded(9, 1)).isTrue();
        assertThat(new CoreBudget(0.005, 2, true).isExceeded(9, 4)).isFalse();
        assertThat(new CoreBudget(0.025, 4, true).text(9)).contains(" 2.5% of the 4 cores ");
        assertThat(new CoreBudget(0.005, 4, true).text(0.0126))
                .isEqualTo("batches may keep 31% of the 4 cores busy beside 0.012 busy sessions of others");
    }

    @Example
    void aBudgetOfNothingIsNone() {
        assertThatThrownBy(() -> new CoreBudget(0, 4, true)).hasMessageContaining("0.0 of 4 cores");
        assertThatThrownBy(() -> new CoreBudget(0.1, 0, true)).hasMessageContaining("0 cores");
    }

    /** Two percent of the cores, and five of one core at least; a share that somebody has said is taken as it is. */
    @Example
    void theDefaultIsAShareOfAllAndAtLeastOneOfOne() {
        Map.of(1, 0.05, 2, 0.05, 4, 0.08, 64, 1.28).forEach((cores, kept) -> {
            CoreBudget budget = CoreBudget.of(ThrottleSettings.DEFAULT_CORES, OptionalInt.of(cores));
            assertThat(budget.now(Double.NaN) * cores).isCloseTo(kept, within(1e-9));
            assertThat(CoreBudget.of(0.001, OptionalInt.of(cores)).share()).isEqualTo(0.001);
        });
        assertThat(CoreBudget.of(ThrottleSettings.DEFAULT_CORES, OptionalInt.empty())
                        .cores())
                .isEqualTo(4);
    }
}
