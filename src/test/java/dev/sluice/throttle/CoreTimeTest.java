package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CoreTimeTest {
    private final CoreTime time = new CoreTime(Duration.ofNanos(20));

    private long[] charged(long... batches) {
        return IntStream.range(0, batches.length)
                .mapToLong(i -> time.charged(batches[i]))
                .toArray();
    }

    @Test
    void usualBatchesAreChargedInFull() {
        assertThat(charged(20, 25, 18, 30, 80)).containsExactly(20, 25, 18, 30, 80);
    }

    @Test
    void theFirstOnesAreTakenForShortestUntilItIsKnownWhatIsUsual() {
        assertThat(charged(700, 700, 700, 700, 700)).containsExactly(80, 80, 80, 80, 700);
    }

    @Test
    void oneThatWaitedIsChargedAsFourUsualOnesAndChangesNothingForTheNext() {
        charged(50, 50, 50, 50, 50);
        assertThat(charged(20_000, 50, 210)).containsExactly(200, 50, 200);
    }

    @Test
    void batchesThatAreAllSlowAreChargedInFull() {
        charged(20, 20, 20, 20, 20, 20, 20, 20, 20);
        assertThat(charged(900, 900, 900, 900, 900, 900)).containsExactly(80, 80, 80, 80, 900, 900);
    }

    @Test
    void whatWasNotCommittedCostsNothingAndIsNotUsual() {
        charged(500, 500, 500, 500, 500);
        assertThat(charged(0, 0, 0, 0, 0, 0, 0, 0, 0, 500)).endsWith(500);
    }
}
