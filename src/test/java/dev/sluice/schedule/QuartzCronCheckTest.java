package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.job.Schedule;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuartzCronCheckTest {
    private final QuartzCronCheck check = new QuartzCronCheck();

    private Optional<String> mistake(String cron) {
        return check.mistake(new Schedule(cron, ZoneId.of("Europe/Berlin"), Schedule.Misfire.ONCE));
    }

    @Test
    void theZoneDecidesWhetherTheHourIsThere() {
        for (String zone : List.of("UTC", "America/New_York", "Asia/Tokyo")) {
            assertThat(check.mistake(new Schedule("0 30 2 28 3 ? 2027", ZoneId.of(zone), Schedule.Misfire.SKIP)))
                    .as(zone)
                    .isEmpty();
        }
        assertThat(check.mistake(
                        new Schedule("0 30 2 14 3 ? 2027", ZoneId.of("America/New_York"), Schedule.Misfire.SKIP)))
                .isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0 0 1 * * ?",
                "* * * * * ?",
                "0 0/5 14,18 ? * MON-FRI",
                "0 15 10 L * ?",
                "0 0 0 1 1 ? 2027",
                "0 0 0 1 1 ? 2020"
            })
    void goodOnesPass(String cron) {
        assertThat(mistake(cron)).isEmpty();
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
                "0 0 0 29 2 ? 2027|never fires",
                "0 30 2 28 3 ? 2027|no moment in the zone Europe/Berlin meets it",
                "0 0 0 31 2 ?|never fires",
            })
    void badOnesAreToldWhy(String cron, String why) {
        assertThat(mistake(cron).orElse("no mistake")).contains(why).doesNotEndWith(".");
    }

    @Test
    void whatTheStoreCannotKeepIsRefused() {
        assertThat(mistake("0 " + "1,".repeat(80) + "1 1 * * ?").orElse("")).contains("at most 120");
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
