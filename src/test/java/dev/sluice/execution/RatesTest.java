package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Tuning;
import dev.sluice.resilience.RowRates;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.testing.SteppedTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which limit holds, how lanes share it, and what they owe. */
class RatesTest {
    private static final DatabaseLimits TIGHT = new DatabaseLimits(Optional.of(300), Optional.of(3_600_000_000L));

    private final SteppedTime time = new SteppedTime();
    private final RowRates open = new RowRates(time);

    private LaneStatus laneStatus(int lanesOfRun, int lanesOnDatabase) {
        LaneStatus laneStatus = new LaneStatus(LaneId.conducting(UUID.randomUUID()), "j", "main", time);
        laneStatus.shares(new LaneTable.Company(lanesOfRun, lanesOnDatabase));
        return laneStatus;
    }

    private Rates rates(DatabaseLimits limits, LaneStatus laneStatus) {
        return new Rates(open, laneStatus.run().toString(), "main", limits, laneStatus, time);
    }

    private Rates rates(DatabaseLimits limits, int lanesOfRun, int lanesOnDatabase) {
        return rates(limits, laneStatus(lanesOfRun, lanesOnDatabase));
    }

    private static Tuning tuning(@Nullable Integer rowsPerSecond, @Nullable Long walPerHour) {
        return new Tuning(200, 1000, rowsPerSecond, walPerHour, null);
    }

    private static void assertOwed(Rates rates, String code, String message, double limit, long millis) {
        Rates.Owed owed = rates.owed().orElseThrow();
        assertThat(owed.limit().reason()).isEqualTo(code);
        assertThat(owed.limit().message()).isEqualTo(message);
        assertThat(owed.limit().limit()).isEqualTo(limit);
        assertThat(owed.length().toMillis()).isBetween(millis - 20, millis + 1);
    }

    @Test
    void withoutALimitNothingIsOwed() {
        Rates rates = rates(DatabaseLimits.NONE, 1, 1);
        rates.follow(tuning(null, null));
        rates.worked(1_000_000, 1_000_000_000);
        assertThat(rates.owed()).isEmpty();
        assertThat(rates.rowsASecond()).isNull();
        assertThat(rates.rows()).isInfinite();
    }

    @Test
    void theLanesOfARunShareItsRows() {
        Rates rates = rates(DatabaseLimits.NONE, 2, 5);
        rates.follow(tuning(100, null));
        rates.worked(50, 0);
        assertOwed(rates, "rows-per-second", "paced to 100 rows/s", 100, 1000);
        assertThat(rates.rowsASecond()).isEqualTo(50);
        time.step(Duration.ofSeconds(1));
        assertThat(rates.owed()).isEmpty();
    }

    @Test
    void theLanesOfAllRunsShareTheRowsOfTheDatabase() {
        Rates rates = rates(TIGHT, 1, 3);
        rates.follow(tuning(1000, null));
        rates.worked(50, 0);
        assertOwed(
                rates,
                "database-rows-per-second",
                "paced to the 300 rows/s of database \"main\", which 3 lanes share",
                300,
                500);
        rates.follow(tuning(10, null));
        assertThat(rates.owed().orElseThrow().limit().reason())
                .as("the narrower one")
                .isEqualTo("rows-per-second");
    }

    @Test
    void aBudgetOfWalIsPaidForToo() {
        Rates rates = rates(DatabaseLimits.NONE, 2, 2);
        rates.follow(tuning(null, 7_200_000_000L));
        rates.worked(500, 500_000);
        assertOwed(rates, "wal-per-hour", "paced to 7200MB of WAL an hour", 7.2e9, 500);
        assertThat(rates.rowsASecond()).as("1 MB/s, 1 kB a row").isEqualTo(1000);
    }

    @Test
    void theBudgetOfTheDatabaseIsSharedByAllLanes() {
        Rates rates = rates(TIGHT, 1, 2);
        rates.follow(tuning(null, 20_000_000_000L));
        rates.worked(1, 250_000);
        assertOwed(
                rates,
                "database-wal-per-hour",
                "paced to the 3600MB of WAL an hour of database \"main\", which 2 lanes share",
                3.6e9,
                500);
    }

    @Test
    void theLargerDebtIsTold() {
        Rates rates = rates(TIGHT, 1, 1);
        rates.follow(tuning(null, null));
        rates.worked(30, 500_000);
        assertOwed(
                rates, "database-wal-per-hour", "paced to the 3600MB of WAL an hour of database \"main\"", 3.6e9, 500);
        rates.worked(270, 0);
        assertOwed(rates, "database-rows-per-second", "paced to the 300 rows/s of database \"main\"", 300, 1000);
    }

    @Test
    void whatIsLessThanAKilobyteIsNotForgotten() {
        Rates rates = rates(DatabaseLimits.NONE, 1, 1);
        rates.follow(tuning(null, 3_600_000_000L));
        for (int i = 0; i < 1000; i++) {
            rates.worked(1, 300);
        }
        assertThat(rates.owed().orElseThrow().length().toMillis()).isBetween(280L, 300L);
    }

    @Test
    void aTunedLimitHoldsFromTheNextBatchOn() {
        Rates rates = rates(DatabaseLimits.NONE, 1, 1);
        rates.follow(tuning(null, 3_600_000_000L));
        rates.worked(100, 10_000_000);
        assertThat(rates.owed().orElseThrow().length()).isGreaterThan(Duration.ofSeconds(9));
        rates.follow(tuning(null, 36_000_000_000L));
        assertThat(rates.owed().orElseThrow().length()).isLessThan(Duration.ofSeconds(2));
        rates.follow(tuning(null, null));
        assertThat(rates.owed()).isEmpty();
    }

    /** A lane of a simulated run. */
    private static final class Worked {
        private final Rates rates;
        private final LaneStatus laneStatus;
        private long next;

        Worked(Rates rates, LaneStatus laneStatus, long next) {
            this.rates = rates;
            this.laneStatus = laneStatus;
            this.next = next;
        }
    }

    /** Lanes of two runs, one of them with a second lane from the middle on, on a database of 20,000 rows/s. */
    @Test
    void severalRunsTogetherKeepTheRateOfTheirDatabase() {
        var limits = new DatabaseLimits(Optional.of(20_000), Optional.empty());
        Random random = new Random(4);
        List<Worked> lanes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            LaneStatus laneStatus = laneStatus(1, 2);
            lanes.add(new Worked(rates(limits, laneStatus), laneStatus, 0));
        }
        long rows = 0;
        long half = Duration.ofSeconds(60).toNanos();
        while (time.nanos() < 2 * half) {
            if (time.nanos() >= half && lanes.size() == 2) {
                LaneStatus laneStatus = laneStatus(2, 3);
                lanes.add(new Worked(rates(limits, laneStatus), laneStatus, time.nanos()));
                lanes.forEach(l -> l.laneStatus.shares(new LaneTable.Company(2, 3)));
            }
            Worked lane =
                    lanes.stream().min(Comparator.comparingLong(l -> l.next)).orElseThrow();
            time.step(Duration.ofNanos(Math.max(0, lane.next - time.nanos())));
            lane.rates.follow(tuning(null, null));
            Optional<Rates.Owed> owed = lane.rates.owed();
            if (owed.isPresent()) {
                lane.next = time.nanos() + owed.get().length().toNanos();
            } else {
                int batch = 100 + random.nextInt(3000);
                rows += batch;
                lane.rates.worked(batch, 0);
                lane.next = time.nanos() + batch * 10_000L; // alone it would do 100,000 rows/s
            }
        }
        assertThat(rows / 120.0).isBetween(20_000 * 0.98, 20_000 * 1.02);
    }
}
