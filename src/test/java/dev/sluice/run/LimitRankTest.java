package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Of several reasons the one that stops a run is told before one that slows it. */
class LimitRankTest {
    private static RunStatus.Limit limit(String reason) {
        return new RunStatus.Limit(reason, "", null, null, Instant.EPOCH);
    }

    private static String strongest(String... reasons) {
        RunStatus.Limit limit = LimitRank.strongest(
                List.of(reasons).stream().map(LimitRankTest::limit).toList());
        return limit == null ? "none" : limit.reason();
    }

    @Test
    void theDatabaseThenAFailedTryThenWhatSlows() {
        assertThat(strongest("pace", "rows-per-second", "retry-timeout", "database-read-only"))
                .isEqualTo("database-read-only");
        assertThat(strongest("rows-per-second", "database-full")).isEqualTo("database-full");
        assertThat(strongest("pace", "cores", "retry-timeout")).isEqualTo("retry-timeout");
        assertThat(strongest("pace", "other-lanes", "cores")).isEqualTo("cores");
        assertThat(strongest()).isEqualTo("none");
    }

    @Test
    void aRateOfADatabaseOnlySlows() {
        assertThat(strongest("database-rows-per-second", "retry-timeout")).isEqualTo("retry-timeout");
        assertThat(strongest("retry", "database-wal-per-hour")).isEqualTo("retry");
    }
}
