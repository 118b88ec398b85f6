package dev.sluice.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.SteppedTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClockReadingTest {
    private final SteppedTime time = new SteppedTime();

    /** The database's clock says this when the question arrives, halfway of the trip. */
    private ClockReading reading(Duration databaseAhead, Duration trip) {
        return ClockReading.of(time, () -> {
            time.step(trip.dividedBy(2));
            Instant theirs = time.now().plus(databaseAhead);
            time.step(trip.dividedBy(2));
            return theirs;
        });
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, 900", "1500, 0", "-1500, 40", "86400000, 10", "-9000000000, 2"})
    void theTripDoesNotCount(long millis, long trip) {
        ClockReading reading = reading(Duration.ofMillis(millis), Duration.ofMillis(trip));
        assertThat(reading.offset()).isEqualTo(Duration.ofMillis(-millis));
        assertThat(reading.uncertainty()).isEqualTo(Duration.ofMillis(trip / 2));
    }

    @ParameterizedTest
    @CsvSource({"0, false", "2000, false", "-2000, false", "2001, true", "-2001, true", "-31536000000, true"})
    void overTwoSecondsIsOff(long millis, boolean off) {
        assertThat(reading(Duration.ofMillis(millis), Duration.ZERO).isOff()).isEqualTo(off);
    }

    @Test
    void aSlowAnswerSaysNothing() {
        assertThat(reading(Duration.ofSeconds(9), Duration.ofSeconds(2)).isCertain())
                .isTrue();
        assertThat(reading(Duration.ofSeconds(9), Duration.ofMillis(2002)).isCertain())
                .isFalse();
    }

    @Test
    void theMessageHasTheNumbersAndTheFix() {
        assertThat(reading(Duration.ofMillis(3240), Duration.ZERO).message())
                .contains("3.2 s behind the control database's", "2s are allowed", "NTP");
        assertThat(reading(Duration.ofMillis(-3240), Duration.ZERO).message()).contains("3.2 s ahead of the");
    }
}
