package dev.sluice.throttle;

import static dev.sluice.throttle.ThrottleBench.denied;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.SteppedTime;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Leave for a batch, with the reason where there is none; the signals are read from a real connection. */
@Tag("database")
class ThrottleTest {
    @AutoClose
    private final ThrottleBench bench = new ThrottleBench();

    private final SteppedTime time = bench.time;
    private final Sampler sampler = bench.sampler;

    private Throttle throttle(MonitoredSignal... monitored) {
        return new Throttle(sampler, List.of(monitored), new OpeningHours(List.of()), PaceSettings.DEFAULT, time);
    }

    @Test
    void withoutSignalsItGoesAtFullSpeed() {
        try (Throttle throttle = throttle()) {
            throttle.begins();
            time.step(Duration.ofMillis(200));
            throttle.ends(200_000_000);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(throttle.share()).isEqualTo(1);
        }
    }

    @Test
    void theFirstBatchWaitsForTheFirstReading() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            assertThat(denied(throttle.ask(1)).code()).isEqualTo("first-sample");
            sampler.readDue();
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            throttle.begins();
            time.step(Duration.ofMillis(100));
            throttle.ends(100_000_000);
            Permit.Denied rest = denied(throttle.ask(1));
            assertThat(rest.held()).isFalse();
            assertThat(rest.length()).as("a quarter of the time is worked").isEqualTo(Duration.ofMillis(300));
            assertThat(rest.text()).isEqualTo("at 25% pace, growing");
            time.step(Duration.ofMillis(300));
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
        }
    }

    @Test
    void slowsAtTheLimitHoldsFarOverItAndComesBackWithTheReasonEachTime() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 10);
            assertThat(throttle.share()).isEqualTo(1);
            dial.value = 1.3;
            bench.pass(throttle, 10);
            assertThat(throttle.share()).isBetween(0.05, 0.7);
            throttle.begins();
            throttle.ends(100_000_000);
            Permit.Denied slow = denied(throttle.ask(1));
            assertThat(slow.code()).isEqualTo("replica-lag");
            assertThat(slow.text()).startsWith("at ").endsWith("% pace: replica-lag 1.3s against 1s");
            assertThat(slow.value()).isEqualTo(1.3);
            assertThat(slow.limit()).isEqualTo(1.0);
            assertThat(slow.ageSeconds()).isBetween(0.0, 2.0);
            dial.value = 10;
            bench.pass(throttle, 5);
            Permit.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.text()).isEqualTo("replica-lag 10.0s against 1s");
            assertThat(throttle.share()).isZero();
            dial.value = 0.1;
            bench.pass(throttle, 5);
            Permit.Denied fallen = denied(throttle.ask(1));
            assertThat(fallen.text()).isEqualTo("replica-lag 0.1s against 1s, until it has been good for 3 s");
            assertThat(fallen.value()).isEqualTo(0.1);
            assertThat(fallen.ageSeconds()).isBetween(0.0, 2.0);
            bench.pass(throttle, 15);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(throttle.share()).isEqualTo(1);
        }
    }

    @Test
    void aHardSignalHoldsAtOnce() {
        Dial dial = new Dial("replication-slots");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 3);
            dial.hard = true;
            bench.pass(throttle, 2);
            assertThat(denied(throttle.ask(1)).held()).isTrue();
        }
    }

    @Test
    void theSignalThatPressesMostIsTheReason() {
        Dial small = new Dial("replica-lag");
        Dial large = new Dial("lock-waits");
        try (Throttle throttle = throttle(small.monitored(false, true), large.monitored(false, true))) {
            small.value = 1.2;
            large.value = 1.4;
            bench.pass(throttle, 5);
            throttle.begins();
            throttle.ends(100_000_000);
            assertThat(denied(throttle.ask(1)).code()).isEqualTo("lock-waits");
            assertThat(throttle.verdicts()).extracting(Verdict::code).containsExactly("replica-lag", "lock-waits");
        }
    }

    @Test
    void unknownHoldsUnlessTheJobIgnoresIt() {
        Dial dial = new Dial("replica-lag");
        Dial ignored = new Dial("wal-archive");
        try (Throttle throttle = throttle(dial.monitored(false, true), ignored.monitored(false, false))) {
            bench.pass(throttle, 10);
            ignored.broken = "permission denied";
            bench.pass(throttle, 3);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            dial.broken = "permission denied";
            bench.pass(throttle, 2);
            Permit.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.code()).isEqualTo("replica-lag");
            assertThat(hold.text()).contains("replica-lag is unknown: ", "permission denied", "on-unknown: ignore");
            assertThat(hold.ageSeconds()).isGreaterThan(1);
            assertThat(throttle.share()).isZero();
            dial.broken = null;
            bench.pass(throttle, 2);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
        }
    }

    @Test
    void aReadingThatIsTooOldIsUnknown() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 3);
            time.step(Duration.ofSeconds(6)); // the sampler hangs
            assertThat(denied(throttle.ask(1)).text()).contains("replica-lag is unknown: not read for 6 s");
        }
    }

    @Test
    void whatCannotBeReadHereIsOffUnlessTheJobFileNamesIt() {
        Dial dial = new Dial("replica-lag");
        dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
        try (Throttle byDefault = throttle(dial.monitored(false, true));
                Throttle stated = throttle(dial.monitored(true, true));
                Throttle ignoring = throttle(dial.monitored(true, false))) {
            bench.pass(byDefault, 3);
            assertThat(byDefault.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(ignoring.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(denied(stated.ask(1)).text())
                    .isEqualTo(
                            "replica-lag cannot be read: It needs pg_read_all_stats. GRANT pg_read_all_stats TO sluice");
            assertThat(dial.reads).isZero();
        }
    }

    @Test
    void whatIsOffStaysOffWhileTheDatabaseIsAway() {
        Dial dial = new Dial("replica-lag");
        dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 3);
            dial.missingBreaks = true; // the connection is lost when it is asked again
            bench.pass(throttle, 62);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(dial.reads).isZero();
        }
    }

    @Test
    void whatCouldBeReadAndNoLongerCanIsUnknown() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 10);
            dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
            bench.pass(throttle, 61); // what a role may do is asked once a minute
            Permit.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.text()).contains("is unknown", "GRANT pg_read_all_stats TO sluice");
            dial.need = null;
            bench.pass(throttle, 2);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
        }
    }

    @Test
    void aMistakeInASourceIsItsOwnAlone() {
        Dial good = new Dial("wal-archive");
        Dial bad = new Dial("replica-lag");
        bad.wrong = true;
        try (Throttle throttle = throttle(good.monitored(false, true), bad.monitored(false, false))) {
            bench.pass(throttle, 10);
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
            assertThat(good.reads).isGreaterThan(5);
        }
    }

    @Test
    void oneReadingServesAllWhoWatchAndNothingIsReadForNobody() {
        Dial dial = new Dial("replica-lag");
        try (Throttle one = throttle(dial.monitored(false, true));
                Throttle two = throttle(dial.monitored(false, true))) {
            bench.pass(one, 5);
            assertThat(dial.reads).isBetween(4, 6);
            assertThat(two.ask(1)).isInstanceOf(Permit.Granted.class);
        }
        int before = dial.reads;
        time.step(Duration.ofSeconds(10));
        sampler.readDue();
        assertThat(dial.reads).isEqualTo(before);
    }

    @Test
    void aDearReadingIsDoneLessOften() {
        Dial dial = new Dial("replica-lag");
        DatabaseSource dear = new DatabaseSource() {
            @Override
            public String code() {
                return "dear";
            }

            @Override
            public List<Measurement> read(Connection connection) {
                dial.reads++;
                time.step(Duration.ofMillis(50));
                return List.of();
            }
        };
        try (Throttle throttle = throttle(new MonitoredSignal(dear, levels -> Optional.empty(), false, true))) {
            bench.pass(throttle, 100);
            assertThat(dial.reads).as("50 ms each, 5 ms a second").isBetween(10, 25);
            assertThat(sampler.costSeconds()).isEqualTo(dial.reads * 0.05, org.assertj.core.data.Offset.offset(0.01));
        }
    }

    @Test
    void aWaitForTheDiskIsNoLoadOfTheDatabase() {
        int[] reads = {0};
        DatabaseSource canary = new DatabaseSource() {
            @Override
            public String code() {
                return "canary";
            }

            @Override
            public List<Measurement> read(Connection connection) {
                reads[0]++;
                time.step(Duration.ofMillis(200));
                return List.of();
            }

            @Override
            public boolean countsAsLoad() {
                return false;
            }
        };
        assertThat(new CommitLatency(time, () -> false).countsAsLoad()).isFalse();
        try (Throttle throttle = throttle(new MonitoredSignal(canary, levels -> Optional.empty(), false, true))) {
            bench.pass(throttle, 20);
            assertThat(reads[0]).as("once a second and a bit").isGreaterThan(12);
            assertThat(sampler.costSeconds()).isZero();
        }
    }

    @Test
    void whatIsGrantedIsReadWithinAMinute() {
        Dial dial = new Dial("replica-lag");
        dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
        try (Throttle throttle = throttle(dial.monitored(true, true))) {
            bench.pass(throttle, 3);
            assertThat(denied(throttle.ask(1)).held()).isTrue();
            dial.need = null;
            bench.pass(throttle, 61);
            assertThat(dial.reads).isPositive();
            assertThat(throttle.ask(1)).isInstanceOf(Permit.Granted.class);
        }
    }

    @Test
    void somethingElseThatLimitsTheWorkKeepsThePaceFromGrowing() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.monitored(false, true))) {
            bench.pass(throttle, 1);
            double before = throttle.share();
            for (int i = 0; i < 100; i++) {
                throttle.isLimitedElsewhere();
                bench.pass(throttle, 0.1);
            }
            assertThat(throttle.share()).isEqualTo(before);
        }
    }
}
