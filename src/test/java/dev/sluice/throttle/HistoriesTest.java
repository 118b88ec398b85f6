package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What signals remember of the readings before. */
class HistoriesTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Test
    void walIsAsOldAsTheOldestPieceThatIsNotReplayed() {
        var wal = new WalHistory();
        for (int s = 0; s <= 10; s++) {
            wal.add(s * SECOND, 1000L + s * 100);
        }
        assertThat(wal.secondsSince(2000, 10 * SECOND)).isZero();
        assertThat(wal.secondsSince(1999, 10 * SECOND)).isZero(); // seen for the first time this moment
        assertThat(wal.secondsSince(1999, 12 * SECOND)).isEqualTo(2);
        assertThat(wal.secondsSince(1650, 10 * SECOND)).isEqualTo(3);
        assertThat(wal.secondsSince(0, 10 * SECOND)).isEqualTo(10);
    }

    @Test
    void walThatStandsStillGrowsOld() {
        var wal = new WalHistory();
        wal.add(0, 1000);
        wal.add(SECOND, 1100);
        for (int s = 2; s < 5000; s++) {
            wal.add(s * SECOND, 1100);
        }
        assertThat(wal.secondsSince(1050, 4999 * SECOND)).isEqualTo(4998);
    }

    @Test
    void walIsRememberedForAnHour() {
        var wal = new WalHistory();
        for (int s = 0; s < 8000; s++) {
            wal.add(s * SECOND, s);
        }
        assertThat(wal.secondsSince(-1, 7999 * SECOND)).isEqualTo(3600);
        assertThat(wal.secondsSince(7000, 7999 * SECOND)).isEqualTo(998);
        var quick = new WalHistory();
        for (int i = 0; i < 100_000; i++) {
            quick.add(i * SECOND / 1000, i);
        }
        assertThat(quick.secondsSince(-1, 100 * SECOND)).isCloseTo(4, within(0.01)); // bounded in number, too
    }

    @Test
    void anotherServersWalStartsAnew() {
        var wal = new WalHistory();
        wal.add(0, 5000);
        wal.add(SECOND, 100);
        assertThat(wal.secondsSince(50, 3 * SECOND)).isEqualTo(2);
        assertThat(wal.secondsSince(200, 3 * SECOND)).isZero();
    }

    @Test
    void quietTimesNeedTenAndKeepTen() {
        var quiet = new QuietTimes();
        for (int i = 0; i < 9; i++) {
            quiet.add(i * SECOND, 0.005);
        }
        assertThat(quiet.median()).isZero();
        quiet.add(9 * SECOND, 0.005);
        assertThat(quiet.median()).isEqualTo(0.005);
        // an hour later one slow one does not make the baseline
        quiet.add(3600 * SECOND, 1);
        assertThat(quiet.median()).isEqualTo(0.005);
    }

    @Test
    void quietTimesFollowAfterTenMinutes() {
        var quiet = new QuietTimes();
        for (int s = 0; s < 600; s++) {
            quiet.add(s * SECOND, 0.005);
        }
        for (int s = 600; s < 880; s++) {
            quiet.add(s * SECOND, 0.050);
        }
        assertThat(quiet.median()).isEqualTo(0.005);
        for (int s = 880; s < 920; s++) {
            quiet.add(s * SECOND, 0.050);
        }
        assertThat(quiet.median()).isEqualTo(0.050);
    }

    @Test
    void theMedianIsTheMiddle() {
        assertThat(QuietTimes.median(List.of())).isZero();
        assertThat(QuietTimes.median(List.of(3.0, 1.0, 100.0))).isEqualTo(3);
        assertThat(QuietTimes.median(List.of(4.0, 1.0, 2.0, 100.0))).isEqualTo(3);
    }

    @Test
    void aCountIsOfTheLastFiveMinutes() {
        var count = new RecentCount(Duration.ofMinutes(5));
        assertThat(count.read(0, 40)).isZero(); // what was before is not known
        assertThat(count.read(100 * SECOND, 42)).isEqualTo(2);
        assertThat(count.read(200 * SECOND, 43)).isEqualTo(3);
        assertThat(count.read(399 * SECOND, 43)).isEqualTo(3);
        assertThat(count.read(401 * SECOND, 43)).isEqualTo(1);
        assertThat(count.read(501 * SECOND, 43)).isZero();
    }

    @Test
    void aResetCountGoesOn() {
        var count = new RecentCount(Duration.ofMinutes(5));
        count.read(0, 40);
        count.read(10 * SECOND, 43);
        assertThat(count.read(20 * SECOND, 0)).isEqualTo(3);
        assertThat(count.read(30 * SECOND, 2)).isEqualTo(5);
        assertThat(count.read(1000 * SECOND, 2)).isZero();
    }
}
