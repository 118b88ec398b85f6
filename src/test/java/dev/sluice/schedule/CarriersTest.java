package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.LaneId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CarriersTest {
    /** They end elsewhere, and this worker never hears of it. */
    @Test
    void lanesThatFoundNoPlaceAreForgottenInTheEnd() {
        Carriers full = new Carriers(0);
        for (int i = 0; i < 5 * Carriers.MOST_WAITING; i++) {
            assertThat(full.carry(LaneId.conducting(UUID.randomUUID()), lane -> {}, lane -> {}))
                    .isFalse();
        }
        assertThat(full.waiting()).isEqualTo(Carriers.MOST_WAITING);
    }
}
