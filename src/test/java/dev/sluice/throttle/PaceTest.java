package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;

/** The pace follows the pressure: quickly down, carefully up, and not at all where nothing says that it should. */
class PaceTest {
    private static final PaceSettings SERVO = PaceSettings.DEFAULT;

    private static Pace at(double share) {
        return new Pace(share, false, Double.NaN, 1, 0, 1000);
    }

    @Property
    void staysBetweenTheFloorAndOne(
            @ForAll @DoubleRange(min = 0.05, max = 1) double share, @ForAll double[] pressures, @ForAll boolean idle) {
        Pace pace = at(share);
        for (double p : pressures) {
            pace = pace.after(Math.min(1000, Math.abs(p)), p > 1e6, 1, idle, 1, SERVO);
            assertThat(pace.share()).isBetween(SERVO.floor(), 1.0);
        }
    }

    @Property
    void keepsStillInTheDeadBand(
            @ForAll @DoubleRange(min = 0.05, max = 1) double share,
            @ForAll @DoubleRange(min = 0.7, max = 0.99) double pressure) {
        assertThat(at(share).after(pressure, false, 1, false, 1, SERVO).share()).isEqualTo(share);
    }

    @Property
    void growsUnderTheDeadBandAndNeverFasterThanItsCap(
            @ForAll @DoubleRange(min = 0.05, max = 0.9) double share,
            @ForAll @DoubleRange(min = 0, max = 0.69) double pressure,
            @ForAll @DoubleRange(min = 0.1, max = 60) double seconds) {
        Pace next = at(share).after(pressure, false, seconds, false, 1, SERVO);
        assertThat(next.share()).isGreaterThan(share);
        // a step counts for two seconds at most, however long nobody asked
        assertThat(next.share()).isLessThanOrEqualTo(Math.min(1, share * Math.pow(SERVO.growth(), 2)) + 1e-9);
    }

    @Property
    void neverGrowsWhileSomethingElseLimitsTheWork(
            @ForAll @DoubleRange(min = 0.05, max = 1) double share,
            @ForAll @DoubleRange(min = 0, max = 1000) double pressure) {
        assertThat(at(share).after(pressure, false, 1, true, 1, SERVO).share()).isLessThanOrEqualTo(share);
    }

    /** What the budget keeps from being worked is not there to be given up. */
    @Property
    void underABudgetItShrinksFromWhatThatAllows(
            @ForAll @DoubleRange(min = 0.05, max = 1) double share,
            @ForAll @DoubleRange(min = 0.01, max = 1) double most,
            @ForAll @DoubleRange(min = 1, max = 1.99) double pressure) {
        Pace next = at(share).after(pressure, false, 1, false, most, SERVO);
        double worked = Math.min(share, most);
        assertThat(next.share()).isLessThanOrEqualTo(worked).isGreaterThanOrEqualTo(worked / 2 - 1e-9);
        Pace last = next;
        for (int i = 0; i < 100; i++) {
            last = last.after(pressure, false, 1, false, most, SERVO);
        }
        assertThat(last.share()).isLessThanOrEqualTo(SERVO.floor() * most + 1e-9);
    }

    @Property
    void shrinksFromTheLimitOnByHalfAtMost(
            @ForAll @DoubleRange(min = 0.2, max = 1) double share,
            @ForAll @DoubleRange(min = 1, max = 1.99) double pressure) {
        Pace next = at(share).after(pressure, false, 1, false, 1, SERVO);
        assertThat(next.held()).isFalse();
        assertThat(next.share()).isLessThan(share).isGreaterThanOrEqualTo(share / 2 - 1e-9);
    }

    @Property
    void holdsFarOverTheLimitAndForAHardSignalWhateverTheNumbers(
            @ForAll @DoubleRange(min = 0.05, max = 1) double share,
            @ForAll @DoubleRange(min = 0, max = 1000) double pressure) {
        assertThat(at(share).after(pressure, false, 1, false, 1, SERVO).held()).isEqualTo(pressure >= SERVO.hold());
        assertThat(at(share).after(pressure, true, 1, false, 1, SERVO).held()).isTrue();
    }

    @Example
    void aHoldEndsWhenItHasBeenGoodForAWhileAndBeginsSlowly() {
        Pace pace = at(1).after(3, false, 1, false, 1, SERVO);
        assertThat(pace.held()).isTrue();
        for (int i = 0; i < 3; i++) {
            pace = pace.after(0.1, false, 1, false, 1, SERVO);
        }
        assertThat(pace.held())
                .as("the smoothed pressure was still over the limit in the first of these")
                .isTrue();
        pace = pace.after(2.5, false, 1, false, 1, SERVO); // it was not over yet
        for (int i = 0; i < 10 && pace.held(); i++) {
            pace = pace.after(0.1, false, 1, false, 1, SERVO);
        }
        assertThat(pace.held()).isFalse();
        assertThat(pace.share()).isEqualTo(SERVO.start());
    }

    @Example
    void whatStandsAtItsLimitIsHeededWithinSeconds() {
        Pace pace = at(1).after(0, false, 1, false, 1, SERVO);
        for (int i = 0; i < 4; i++) {
            pace = pace.after(1, false, 1, false, 1, SERVO); // a count, such as of waiting sessions
        }
        assertThat(pace.share()).isLessThan(1);
    }

    @Example
    void oneShrinkIsGivenTimeToShow() {
        Pace pace = at(1).after(1.2, false, 1, false, 1, SERVO);
        double once = pace.share();
        pace = pace.after(1.2, false, 1, false, 1, SERVO);
        assertThat(pace.share()).isEqualTo(once);
        for (int i = 0; i < 3; i++) {
            pace = pace.after(1.2, false, 1, false, 1, SERVO);
        }
        assertThat(pace.share()).isLessThan(once);
    }

    @Example
    void itIsUrgentWithoutWaiting() {
        Pace pace = at(1).after(1.6, false, 1, false, 1, SERVO).after(1.6, false, 1, false, 1, SERVO);
        assertThat(pace.share()).isLessThan(0.3);
    }
}
