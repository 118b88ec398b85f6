package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Leave for a batch, with the reason where there is none; the signals are read from a real connection. */
@Tag("database")
class ThrottleTest {
    private final SteppedTime time = new SteppedTime();
    private final TestPostgres.Fresh db = TestPostgres.create();
    private final Databases databases =
            new Databases(List.of(DatabaseSettings.of("main", db.url(), db.user(), db.password())), "main");
    private final Sampler sampler = Sampler.byHand(databases.get("main"), time);

    @AfterEach
    void close() {
        sampler.close();
        databases.close();
    }

    private Throttle throttle(Heeded... heeded) {
        return new Throttle(sampler, List.of(heeded), new OpeningHours(List.of()), Servo.DEFAULT, time);
    }

    /** Passes so much time, a tenth of a second at a time, with the sampler at work. */
    private void pass(Throttle throttle, double seconds) {
        for (int i = 0; i < Math.round(seconds * 10); i++) {
            time.step(Duration.ofMillis(100));
            sampler.readDue();
            var unused = throttle.ask(1);
        }
    }

    private static Leave.Denied denied(Leave leave) {
        assertThat(leave).isInstanceOf(Leave.Denied.class);
        return (Leave.Denied) leave;
    }

    @Test
    void withoutSignalsItGoesAtFullSpeed() {
        try (Throttle throttle = throttle()) {
            throttle.begins();
            time.step(Duration.ofMillis(200));
            throttle.ends(200_000_000);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(throttle.share()).isEqualTo(1);
        }
    }

    @Test
    void theFirstBatchWaitsForTheFirstReading() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            assertThat(denied(throttle.ask(1)).code()).isEqualTo("first-sample");
            sampler.readDue();
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            throttle.begins();
            time.step(Duration.ofMillis(100));
            throttle.ends(100_000_000);
            Leave.Denied rest = denied(throttle.ask(1));
            assertThat(rest.held()).isFalse();
            assertThat(rest.length()).as("a quarter of the time is worked").isEqualTo(Duration.ofMillis(300));
            assertThat(rest.text()).isEqualTo("at 25% pace, growing");
            time.step(Duration.ofMillis(300));
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
        }
    }

    @Test
    void slowsAtTheLimitHoldsFarOverItAndComesBackWithTheReasonEachTime() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 10);
            assertThat(throttle.share()).isEqualTo(1);
            dial.value = 1.3;
            pass(throttle, 10);
            assertThat(throttle.share()).isBetween(0.05, 0.7);
            throttle.begins();
            throttle.ends(100_000_000);
            Leave.Denied slow = denied(throttle.ask(1));
            assertThat(slow.code()).isEqualTo("replica-lag");
            assertThat(slow.text()).startsWith("at ").endsWith("% pace: replica-lag 1.3s against 1s");
            assertThat(slow.value()).isEqualTo(1.3);
            assertThat(slow.limit()).isEqualTo(1.0);
            assertThat(slow.ageSeconds()).isBetween(0.0, 2.0);
            dial.value = 10;
            pass(throttle, 5);
            Leave.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.text()).isEqualTo("replica-lag 10.0s against 1s");
            assertThat(throttle.share()).isZero();
            dial.value = 0.1;
            pass(throttle, 5);
            Leave.Denied fallen = denied(throttle.ask(1));
            assertThat(fallen.text()).isEqualTo("replica-lag 0.1s against 1s, until it has been good for 3 s");
            assertThat(fallen.value()).isEqualTo(0.1);
            assertThat(fallen.ageSeconds()).isBetween(0.0, 2.0);
            pass(throttle, 15);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(throttle.share()).isEqualTo(1);
        }
    }

    @Test
    void aHardSignalHoldsAtOnce() {
        Dial dial = new Dial("replication-slots");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 3);
            dial.hard = true;
            pass(throttle, 2);
            assertThat(denied(throttle.ask(1)).held()).isTrue();
        }
    }

    @Test
    void theSignalThatPressesMostIsTheReason() {
        Dial small = new Dial("replica-lag");
        Dial large = new Dial("lock-waits");
        try (Throttle throttle = throttle(small.heeded(false, true), large.heeded(false, true))) {
            small.value = 1.2;
            large.value = 1.4;
            pass(throttle, 5);
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
        try (Throttle throttle = throttle(dial.heeded(false, true), ignored.heeded(false, false))) {
            pass(throttle, 10);
            ignored.broken = "permission denied";
            pass(throttle, 3);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            dial.broken = "permission denied";
            pass(throttle, 2);
            Leave.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.code()).isEqualTo("replica-lag");
            assertThat(hold.text()).contains("replica-lag is unknown: ", "permission denied", "on-unknown: ignore");
            assertThat(hold.ageSeconds()).isGreaterThan(1);
            assertThat(throttle.share()).isZero();
            dial.broken = null;
            pass(throttle, 2);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
        }
    }

    @Test
    void aReadingThatIsTooOldIsUnknown() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 3);
            time.step(Duration.ofSeconds(6)); // the sampler hangs
            assertThat(denied(throttle.ask(1)).text()).contains("replica-lag is unknown: not read for 6 s");
        }
    }

    @Test
    void whatCannotBeReadHereIsOffUnlessTheJobFileNamesIt() {
        Dial dial = new Dial("replica-lag");
        dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
        try (Throttle byDefault = throttle(dial.heeded(false, true));
                Throttle stated = throttle(dial.heeded(true, true));
                Throttle ignoring = throttle(dial.heeded(true, false))) {
            pass(byDefault, 3);
            assertThat(byDefault.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(ignoring.ask(1)).isInstanceOf(Leave.Granted.class);
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
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 3);
            dial.missingBreaks = true; // the connection is lost when it is asked again
            pass(throttle, 62);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(dial.reads).isZero();
        }
    }

    @Test
    void whatCouldBeReadAndNoLongerCanIsUnknown() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 10);
            dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
            pass(throttle, 61); // what a role may do is asked once a minute
            Leave.Denied hold = denied(throttle.ask(1));
            assertThat(hold.held()).isTrue();
            assertThat(hold.text()).contains("is unknown", "GRANT pg_read_all_stats TO sluice");
            dial.need = null;
            pass(throttle, 2);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
        }
    }

    @Test
    void aMistakeInASourceIsItsOwnAlone() {
        Dial good = new Dial("wal-archive");
        Dial bad = new Dial("replica-lag");
        bad.wrong = true;
        try (Throttle throttle = throttle(good.heeded(false, true), bad.heeded(false, false))) {
            pass(throttle, 10);
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(good.reads).isGreaterThan(5);
        }
    }

    @Test
    void oneReadingServesAllWhoWatchAndNothingIsReadForNobody() {
        Dial dial = new Dial("replica-lag");
        try (Throttle one = throttle(dial.heeded(false, true));
                Throttle two = throttle(dial.heeded(false, true))) {
            pass(one, 5);
            assertThat(dial.reads).isBetween(4, 6);
            assertThat(two.ask(1)).isInstanceOf(Leave.Granted.class);
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
            public List<Level> read(Connection connection) {
                dial.reads++;
                time.step(Duration.ofMillis(50));
                return List.of();
            }
        };
        try (Throttle throttle = throttle(new Heeded(dear, levels -> Optional.empty(), false, true))) {
            pass(throttle, 100);
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
            public List<Level> read(Connection connection) {
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
        try (Throttle throttle = throttle(new Heeded(canary, levels -> Optional.empty(), false, true))) {
            pass(throttle, 20);
            assertThat(reads[0]).as("once a second and a bit").isGreaterThan(12);
            assertThat(sampler.costSeconds()).isZero();
        }
    }

    @Test
    void whatIsGrantedIsReadWithinAMinute() {
        Dial dial = new Dial("replica-lag");
        dial.need = new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");
        try (Throttle throttle = throttle(dial.heeded(true, true))) {
            pass(throttle, 3);
            assertThat(denied(throttle.ask(1)).held()).isTrue();
            dial.need = null;
            pass(throttle, 61);
            assertThat(dial.reads).isPositive();
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
        }
    }

    @Test
    void somethingElseThatLimitsTheWorkKeepsThePaceFromGrowing() {
        Dial dial = new Dial("replica-lag");
        try (Throttle throttle = throttle(dial.heeded(false, true))) {
            pass(throttle, 1);
            double before = throttle.share();
            for (int i = 0; i < 100; i++) {
                throttle.isLimitedElsewhere();
                pass(throttle, 0.1);
            }
            assertThat(throttle.share()).isEqualTo(before);
        }
    }

    /** Beside others at work it keeps to its share of the cores, says so, and takes it in small pieces. */
    @Test
    void besideOthersItKeepsToItsShareOfTheCores() {
        var budget = new CoreBudget(0.05, 4, true);
        var busy = new Dial(CoreBudget.CODE);
        busy.value = 2;
        try (Throttle throttle = bounded(budget, busy)) {
            sampler.readDue();
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            assertThat(throttle.share()).isEqualTo(0.2);
            assertThat(throttle.batchSeconds(0.2)).isEqualTo(0.2 * 0.2 * 0.2, within(1e-9));
            assertThat(throttle.batchSeconds(1)).isEqualTo(0.2 * 0.2, within(1e-9));
            assertThat(throttle.batchSeconds(0.04)).as("short enough").isEqualTo(0.002);
            assertThat(throttle.batchSeconds(0.001)).as("wanted shorter").isEqualTo(0.001);
            throttle.begins();
            time.step(Duration.ofMillis(5));
            throttle.ends(5_000_000);
            Leave.Denied rest = denied(throttle.ask(1));
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

            pass(throttle, 5);
            busy.value = 0;
            pass(throttle, 1);
            assertThat(throttle.share())
                    .as("nobody is there, so the pace grows, and has not grown before")
                    .isBetween(Servo.DEFAULT.start(), 2 * Servo.DEFAULT.start());
            pass(throttle, 5);
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
            pass(throttle, 10);
            assertThat(throttle.share()).isEqualTo(0.2);
            lag.value = 1.5;
            pass(throttle, 3);
            assertThat(throttle.share()).isLessThan(0.2);
            throttle.begins();
            throttle.ends(10_000_000);
            Leave.Denied rest = denied(throttle.ask(1));
            assertThat(rest.code()).isEqualTo("replica-lag");
            lag.value = 0.1;
            pass(throttle, 30);
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
            assertThat(throttle.ask(1)).isInstanceOf(Leave.Granted.class);
            throttle.begins();
            time.step(Duration.ofMillis(700));
            throttle.ends(700_000_000);
            Duration rested = Duration.ZERO;
            while (throttle.ask(1) instanceof Leave.Denied rest) {
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
            Leave.Denied rest = denied(throttle.ask(1));
            assertThat(rest.text())
                    .isEqualTo(
                            "at 10% pace: batches may keep 5% of the 2 cores"
                                    + " (taken for granted; set databases.*.cores) busy beside others, whose number is not known");
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
            pass(throttle, 1);
            assertThat(throttle.share()).isEqualTo(0.1);
            counting.silent = false; // and there is nobody
            pass(throttle, 1);
            assertThat(throttle.share()).isGreaterThanOrEqualTo(Servo.DEFAULT.start());
        }
    }

    private Throttle bounded(CoreBudget budget, Source activity) {
        return bounded(budget, activity, new Dial("replica-lag"));
    }

    private Throttle bounded(CoreBudget budget, Source activity, Dial heeded) {
        return new Throttle(
                sampler,
                List.of(heeded.heeded(false, true)),
                new OpeningHours(List.of()),
                Optional.of(new Throttle.Bounded(budget, activity)),
                Servo.DEFAULT,
                time);
    }
}
