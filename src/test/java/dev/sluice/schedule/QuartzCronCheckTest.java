package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.SteppedTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuartzCronCheckTest {
    private final QuartzCronCheck check = new QuartzCronCheck(new SteppedTime());

    @ParameterizedTest
    @ValueSource(
            strings = {"0 0 1 * * ?", "* * * * * ?", "0 0/5 14,18 ? * MON-FRI", "0 15 10 L * ?", "0 0 0 1 1 ? 2027"})
    void goodOnesPass(String cron) {
        assertThat(check.mistake(cron)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 61 1 * * ?|Minute",
                "0 0 1 * *|Unexpected end of expression",
                "every day|Illegal",
                "0 0 1 1 * MON|not implemented",
                "''|Unexpected end",
                "0 0 0 1 1 ? 2020|never fires",
                "0 0 0 31 2 ?|never fires",
            })
    void badOnesAreToldWhy(String cron, String why) {
        assertThat(check.mistake(cron).orElse("no mistake")).contains(why).doesNotEndWith(".");
    }

    @Test
    void whatTheStoreCannotKeepIsRefused() {
        assertThat(check.mistake("0 " + "1,".repeat(80) + "1 1 * * ?").orElse(""))
                .contains("at most 120");
    }

    @Test
    void badSettingsAreRefused() {
        Duration s = Duration.ofSeconds(1);
        assertThatThrownBy(() -> new ScheduleSettings("w", 0, s, s, s)).hasMessageContaining("0 runs");
        assertThatThrownBy(() -> new ScheduleSettings("w", 1, Duration.ZERO, s, s))
                .hasMessageContaining("100 ms");
        assertThatThrownBy(() -> new ScheduleSettings("w", 1, s, Duration.ofMillis(1), s))
                .hasMessageContaining("200 ms");
    }
}
