package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.throttle.LockWaits.Waiting;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LockQueueTest {
    private static Waiting waits(int pid, Integer... behind) {
        return new Waiting(pid, Set.of(behind), false);
    }

    @Test
    void whoWaitsForUsAtAnyRemoveCounts() {
        Set<Integer> ours = Set.of(1, 2);
        assertThat(LockWaits.behind(ours, List.of())).isZero();
        assertThat(LockWaits.behind(ours, List.of(waits(10, 1), waits(11, 7, 2))))
                .isEqualTo(2);
        // 12 waits for 11 that waits for 10 that waits for us, whatever the order
        assertThat(LockWaits.behind(ours, List.of(waits(12, 11), waits(11, 10), waits(10, 1))))
                .isEqualTo(3);
    }

    @Test
    void othersAmongThemselvesDoNot() {
        assertThat(LockWaits.behind(Set.of(1), List.of(waits(10, 11), waits(11, 12), waits(13))))
                .isZero();
        assertThat(LockWaits.behind(Set.of(), List.of(waits(10, 11), waits(11, 10))))
                .isZero();
        // 0 stands for a prepared transaction
        assertThat(LockWaits.behind(Set.of(1), List.of(waits(10, 0)))).isZero();
    }

    @Test
    void ourOwnWaitsDoNotButWhoIsBehindThemDoes() {
        var ours = new Waiting(1, Set.of(50), true);
        assertThat(LockWaits.behind(Set.of(1), List.of(ours))).isZero();
        assertThat(LockWaits.behind(Set.of(1, 2), List.of(new Waiting(1, Set.of(2), true))))
                .isZero();
        assertThat(LockWaits.behind(Set.of(1), List.of(ours, waits(10, 50, 1)))).isEqualTo(1);
    }
}
