package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the text of a window means, and the days on which clocks jump. */
class WindowTest {
    private static Window window(String text) {
        return ((Window.Right) Window.parse(text)).window();
    }

    /** In Berlin. */
    private static Instant at(String local) {
        return LocalDateTime.parse(local).atZone(ZoneId.of("Europe/Berlin")).toInstant();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Mon 01:00-02:00 UTC              | MONDAY",
                "mon 01:00-02:00 UTC              | MONDAY",
                "Monday 01:00-02:00 UTC           | MONDAY",
                "Sat,Sun 01:00-02:00 UTC          | SATURDAY SUNDAY",
                "Sat , Sun 1:00 - 2:00 UTC        | SATURDAY SUNDAY",
                "Mon-Wed 01:00-02:00 UTC          | MONDAY TUESDAY WEDNESDAY",
                "Fri-Mon 01:00-02:00 UTC          | FRIDAY SATURDAY SUNDAY MONDAY",
                "Tue-Tue 01:00-02:00 UTC          | TUESDAY",
                "Sun-Sat 01:00-02:00 UTC          | SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY",
                "Mon-Tue,thursday,TUE 01:00-02:00 UTC | MONDAY TUESDAY THURSDAY",
            })
    void daysAreNamesListsAndRanges(String text, String days) {
        Set<DayOfWeek> expected = EnumSet.noneOf(DayOfWeek.class);
        for (String day : days.split(" ")) {
            expected.add(DayOfWeek.valueOf(day));
        }
        assertThat(window(text).days()).isEqualTo(expected);
        assertThat(window(text).from()).isEqualTo(LocalTime.of(1, 0));
        assertThat(window(text).to()).isEqualTo(LocalTime.of(2, 0));
        assertThat(window(text).zone()).isEqualTo(ZoneId.of("UTC"));
        assertThat(window(" " + text + "\t").text()).isEqualTo(text);
    }

    @Test
    void aZoneMayBeAnOffset() {
        assertThat(window("Mon 01:00-02:00 +05:45").zone()).isEqualTo(ZoneOffset.ofHoursMinutes(5, 45));
    }

    @Test
    void aWindowWithoutDaysCannotBeMade() {
        assertThatThrownBy(() -> new Window(Set.of(), LocalTime.MIN, LocalTime.MIN, ZoneOffset.UTC, ""))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        // a Friday night reaches into Saturday, and Saturday has none of its own
        "Mon-Fri 22:00-06:00 Europe/Berlin, 2026-11-27T21:59:59, false, 2026-11-27T22:00:00",
        "Mon-Fri 22:00-06:00 Europe/Berlin, 2026-11-27T22:00:00, true,  2026-11-27T22:00:00",
        "Mon-Fri 22:00-06:00 Europe/Berlin, 2026-11-28T05:59:59, true,  2026-11-28T05:59:59",
        "Mon-Fri 22:00-06:00 Europe/Berlin, 2026-11-28T06:00:00, false, 2026-11-30T22:00:00",
        "Mon-Fri 22:00-06:00 Europe/Berlin, 2026-11-30T00:00:00, false, 2026-11-30T22:00:00",
        // to the end of the day, and whole days
        "Sat 20:00-24:00 Europe/Berlin,     2026-11-28T23:59:59, true,  2026-11-28T23:59:59",
        "Sat 20:00-24:00 Europe/Berlin,     2026-11-29T00:00:00, false, 2026-12-05T20:00:00",
        "Sun 00:00-24:00 Europe/Berlin,     2026-11-29T00:00:00, true,  2026-11-29T00:00:00",
        "Sun 00:00-24:00 Europe/Berlin,     2026-11-30T00:00:00, false, 2026-12-06T00:00:00",
        "Sun 06:00-06:00 Europe/Berlin,     2026-11-30T05:59:00, true,  2026-11-30T05:59:00",
        "Sun 06:00-06:00 Europe/Berlin,     2026-11-30T06:00:00, false, 2026-12-06T06:00:00",
        // 2026-03-29: from 02:00 to 03:00; a window that begins in the hour that is not there opens after it
        "Sun 02:30-04:00 Europe/Berlin,     2026-03-29T01:59:59, false, 2026-03-29T03:00:00",
        "Sun 01:30-02:30 Europe/Berlin,     2026-03-29T01:59:59, true,  2026-03-29T01:59:59",
        "Sun 01:30-02:30 Europe/Berlin,     2026-03-29T03:00:00, false, 2026-04-05T01:30:00",
        "Sun 02:10-02:50 Europe/Berlin,     2026-03-29T01:00:00, false, 2026-04-05T02:10:00",
    })
    void isOpenAndOpensByTheClockOnTheWall(String text, String now, boolean open, String opens) {
        assertThat(window(text).isOpen(at(now))).isEqualTo(open);
        assertThat(window(text).opensAfter(at(now))).isEqualTo(at(opens));
    }

    @Test
    void theHourThatComesTwiceIsInTheWindowTwice() {
        Window window = window("Sun 02:00-02:30 Europe/Berlin");
        Instant first = Instant.parse("2026-10-25T00:00:00Z");
        Instant second = Instant.parse("2026-10-25T01:00:00Z");
        assertThat(window.opensAfter(first.minusSeconds(1))).isEqualTo(first);
        assertThat(window.isOpen(first.plusSeconds(1799))).isTrue();
        assertThat(window.isOpen(first.plusSeconds(1800))).isFalse();
        assertThat(window.opensAfter(first.plusSeconds(1800))).isEqualTo(second);
        assertThat(window.isOpen(second.plusSeconds(1799))).isTrue();
        assertThat(window.isOpen(second.plusSeconds(1800))).isFalse();
    }
}
