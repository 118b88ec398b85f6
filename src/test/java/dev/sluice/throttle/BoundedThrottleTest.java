package dev.sluice.throttle;

import static dev.sluice.throttle.ThrottleBench.denied;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.job.ThrottleSettings;
import dev.sluice.testing.SteppedTime;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A lane that a budget of cores bounds, beside others and alone. */
@Tag("database")
class BoundedThrottleTest {
    @AutoClose
    private final ThrottleBench bench = new ThrottleBench();

    private final SteppedTime time = bench.time;
    private final Sampler sampler = bench.sampler;

    /** Beside others at work it keeps to its share of the cores, says so, and takes it in small pieces. */
    @Test
    void besideOthersItKeepsToItsShareOfTheCores() {
        var budget = new CoreBudget(0.05, 4, true);
        var busy = new Dial(CoreBudget.CODE);
        busy.value = 2;
        try (Throttle throttle = bounded(budget, busy)) {
            sampler.readDue();
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(throttle.share()).isEqualTo(0.2);
            assertThat(throttle.batchSeconds(0.2)).isEqualTo(0.2 * 0.2 * 0.2, within(1e-9));
            assertThat(throttle.batchSeconds(1)).isEqualTo(0.2 * 0.2, within(1e-9));
            assertThat(throttle.batchSeconds(0.04)).as("short enough").isEqualTo(0.002);
            assertThat(throttle.batchSeconds(0.001)).as("wanted shorter").isEqualTo(0.001);
            throttle.begins();
            time.step(Duration.ofMillis(5));
            throttle.ends(5_000_000);
            Permit.Denied rest = denied(throttle.ask(1));
            assertThat(rest.code()).isEqualTo("cores");
            assertThat(rest.text())
                    .isEqualTo("at 20% pace: batches may keep 5% of the 4 cores busy beside 2 busy sessions of others");
            assertThat(rest.value()).as("of each core").isEqualTo(0.5);
            assertThat(rest.limit()).isEqualTo(0.05);
            assertThat(rest.ageSeconds()).isEqualTo(0.005, within(1e-9));
            assertThat(rest.length()).isEqualTo(Duration.ofMillis(20));
            assertThat(denied(throttle.ask(4)).length())
                    .as("four lanes share it")
                    .isEqualTo(Duration.ofMillis(95));
            assertThat(throttle.share()).isEqualTo(0.05);
            assertThat(denied(throttle.ask(100)).text())
                    .startsWith("at 0.25% pace, which is the least a lane has: batches may keep 5% of the 4 cores");

            bench.pass(throttle, 5);
            busy.value = 0;
            bench.pass(throttle, 1);
            assertThat(throttle.share())
                    .as("nobody is there, so the pace grows, and has not grown before")
                    .isBetween(PaceSettings.DEFAULT.start(), 2 * PaceSettings.DEFAULT.start());
            bench.pass(throttle, 5);
            assertThat(throttle.share()).isEqualTo(1);
            assertThat(throttle.batchSeconds(0.2)).isEqualTo(0.2);
        }
    }

    /** A signal over its limit slows a lane below its budget at once, and is the reason then. */
    @Test
    void aSignalCountsUnderABudgetToo() {
        var busy = new Dial(CoreBudget.CODE);
        busy.value = 2;
        var lag = new Dial("replica-lag");
        try (Throttle throttle = bounded(new CoreBudget(0.05, 4, true), busy, lag)) {
            bench.pass(throttle, 10);
            assertThat(throttle.share()).isEqualTo(0.2);
            lag.value = 1.5;
            bench.pass(throttle, 3);
            assertThat(throttle.share()).isLessThan(0.2);
            throttle.begins();
            throttle.ends(10_000_000);
            Permit.Denied rest = denied(throttle.ask(1));
            assertThat(rest.code()).isEqualTo("replica-lag");
            lag.value = 0.1;
            bench.pass(throttle, 30);
            assertThat(throttle.share()).isEqualTo(0.2);
        }
    }

    /**
     * What it waited is no core's work: its pace by the signals is kept, but the budget does not make it rest for 13 s.
     */
    @Test
    void aBatchThatOnlyWaitedIsNotPaidForAsIfItHadWorked() {
        var busy = new Dial(CoreBudget.CODE);
        busy.value = 2;
        try (Throttle throttle = bounded(new CoreBudget(0.05, 1, true), busy)) {
            sampler.readDue();
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            throttle.begins();
            time.step(Duration.ofMillis(700));
            throttle.ends(700_000_000);
            Permit.Denied first = denied(throttle.ask(1));
            assertThat(first.code()).as("it is the pace that it rests for").isEqualTo("pace");
            assertThat(first.text()).startsWith("at 25% pace");
            Duration rested = Duration.ZERO;
            while (throttle.ask(1) instanceof Permit.Denied rest) {
                time.step(rest.length());
                rested = rested.plus(rest.length());
                sampler.readDue();
            }
            assertThat(rested).isBetween(Duration.ofMillis(2095), Duration.ofMillis(2105));
            assertThat(throttle.share()).isEqualTo(0.05);
        }
    }

    /** Who cannot see whether others are at work takes it that they are. */
    @Test
    void aBudgetHoldsWhereNobodyCanTellWhetherOthersAreAtWork() {
        var unseen = new Dial(CoreBudget.CODE);
        unseen.broken = "permission denied";
        try (Throttle throttle = bounded(new CoreBudget(0.05, 2, false), unseen)) {
            sampler.readDue();
            throttle.begins();
            time.step(Duration.ofMillis(10));
            throttle.ends(10_000_000);
            Permit.Denied rest = denied(throttle.ask(1));
            assertThat(rest.text())
                    .isEqualTo("at 10% pace: batches may keep 5% of the 2 cores"
                            + " (assumed; set databases.*.cores) busy beside others, whose number is not known");
            assertThat(rest.value()).isNull();
            assertThat(rest.ageSeconds()).isNull();
            assertThat(rest.limit()).isEqualTo(0.05);
        }
    }

    /** The first counts may have missed an application whose statements are short. */
    @Test
    void asLongAsOthersAreBeingCountedTheyAreAtWork() {
        var counting = new Dial(CoreBudget.CODE);
        counting.silent = true;
        try (Throttle throttle = bounded(new CoreBudget(0.05, 2, true), counting)) {
            bench.pass(throttle, 1);
            assertThat(throttle.share()).isEqualTo(0.1);
            counting.silent = false; // and there is nobody
            bench.pass(throttle, 1);
            assertThat(throttle.share()).isGreaterThanOrEqualTo(PaceSettings.DEFAULT.start());
        }
    }

    /** Less holds at once, more as the pace grows; what it began with comes back. */
    @Test
    void theBudgetCanBeChangedTakenAwayAndGiven() {
        var busy = new Dial(CoreBudget.CODE);
        busy.value = 2;
        try (Throttle throttle = bounded(new CoreBudget(0.05, 4, true), busy)) {
            bench.pass(throttle, 20);
            assertThat(throttle.share()).isEqualTo(0.2);
            throttle.tune(0.1);
            bench.pass(throttle, 5);
            assertThat(throttle.share()).isEqualTo(0.4);
            throttle.tune(0.0);
            bench.pass(throttle, 20);
            assertThat(throttle.share()).isEqualTo(1);
            int reads = busy.reads;
            bench.pass(throttle, 5);
            assertThat(busy.reads).as("nobody is counted for nobody").isEqualTo(reads);
            throttle.tune(null);
            bench.pass(throttle, 0.1);
            assertThat(throttle.share()).isEqualTo(0.2);
        }
        try (Throttle throttle = bounded(new CoreBudget(ThrottleSettings.ALL_CORES, 4, true), busy)) {
            bench.pass(throttle, 20);
            assertThat(throttle.share()).isEqualTo(1);
            throttle.tune(0.05);
            bench.pass(throttle, 1);
            assertThat(throttle.share()).isEqualTo(0.2);
        }
    }

    private Throttle bounded(CoreBudget budget, Source activity) {
        return bounded(budget, activity, new Dial("replica-lag"));
    }

    private Throttle bounded(CoreBudget budget, Source activity, Dial monitored) {
        return new Throttle(
                sampler,
                List.of(monitored.monitored(false, true)),
                new OpeningHours(List.of()),
                Optional.of(new Throttle.Bounded(budget, activity)),
                PaceSettings.DEFAULT,
                time);
    }
}
