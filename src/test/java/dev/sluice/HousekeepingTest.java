package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HousekeepingTest {
    @Test
    void staleEvidenceIsLookedForAsOftenAsItIsToBeRenewed() {
        assertThat(Housekeeping.staleAskedEvery(Duration.ofSeconds(1))).isEqualTo(Duration.ofSeconds(1));
        assertThat(Housekeeping.staleAskedEvery(Duration.ofHours(1))).isEqualTo(Duration.ofSeconds(30));
    }
}
