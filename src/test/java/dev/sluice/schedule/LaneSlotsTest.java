package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.LaneId;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LaneSlotsTest {
    /** They end elsewhere, and this worker never hears of it. */
    @Test
    void lanesThatFoundNoPlaceAreForgottenInTheEnd() {
        LaneSlots full = new LaneSlots(0);
        for (int i = 0; i < 5 * LaneSlots.MOST_WAITING; i++) {
            assertThat(full.execute(LaneId.conducting(UUID.randomUUID()), lane -> {}, lane -> {}))
                    .isFalse();
        }
        assertThat(full.waiting()).isEqualTo(LaneSlots.MOST_WAITING);
    }
}
