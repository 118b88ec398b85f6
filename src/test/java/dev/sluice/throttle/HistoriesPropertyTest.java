package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class HistoriesPropertyTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    @Property
    void aCountIsNeverNegativeNorMoreThanWasCounted(
            @ForAll @Size(max = 60) List<@IntRange(max = 20) Integer> counters,
            @ForAll @IntRange(min = 1, max = 100) int apart) {
        var count = new RecentCount(Duration.ofSeconds(60));
        long moved = 0;
        for (int i = 0; i < counters.size(); i++) {
            int now = counters.get(i);
            int before = i == 0 ? now : counters.get(i - 1);
            moved += now >= before ? now - before : now;
            assertThat(count.read(i * apart * SECOND, now)).isBetween(0L, moved);
        }
    }

    @Property
    void whatIsNotReplayedOnlyGrowsOlder(
            @ForAll @Size(min = 1, max = 60) List<@IntRange(max = 1000) Integer> written,
            @ForAll @IntRange(max = 10_000) int replayed) {
        var wal = new WalHistory();
        long position = 0;
        double before = 0;
        for (int s = 0; s < written.size(); s++) {
            position += written.get(s);
            wal.add(s * SECOND, position);
            double age = wal.secondsSince(replayed, s * SECOND);
            assertThat(age).isBetween(before, before + 1);
            if (position <= replayed) {
                assertThat(age).isZero();
            }
            before = age;
        }
    }
}
