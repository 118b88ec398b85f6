package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.SignalKind.Unit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            SECONDS, 0, 0s
            SECONDS, 0.0124, 12.4ms
            SECONDS, 0.00004, 0ms
            SECONDS, 5, 5s
            SECONDS, 4.999, 4.9s
            SECONDS, 90, 90s
            SECONDS, 1800, 30m
            SECONDS, 20000, 5.5h
            SECONDS, 864000, 10d
            BYTES, 0, 0B
            BYTES, 999, 999B
            BYTES, 1000, 1kB
            BYTES, 16777216, 16.7MB
            BYTES, -1500, -1.5kB
            BYTES, 1e9, 1GB
            BYTES, 9e18, 9000PB
            COUNT, 2, 2
            COUNT, 2.5, 2.5
            RATIO, 0.6, 60%
            RATIO, 0.6259, 62.5%
            TIMES, 3, 3x
            COUNT, Infinity, more than can be counted
            """)
    void isWrittenForPeople(Unit unit, double value, String text) {
        assertThat(Amount.text(unit, value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            0.0025, 0.25%
            0.005, 0.5%
            0.00999, 0.99%
            0.07, 7%
            0.0333, 3.3%
            0.29, 29%
            0.999, 99%
            1, 100%
            """)
    void aPartOfAWholeHasFewDigits(double ratio, String text) {
        assertThat(Amount.share(ratio)).isEqualTo(text);
    }
}
