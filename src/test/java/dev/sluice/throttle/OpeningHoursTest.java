package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Window;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Any open window will do, and of several closed ones the next to open counts. */
class OpeningHoursTest {
    private static final OpeningHours HOURS =
            hours("Mon-Fri 22:00-06:00 Europe/Berlin", "Sat,Sun 00:00-24:00 Europe/Berlin", "Wed 12:00-13:00 UTC");

    private static OpeningHours hours(String... windows) {
        return new OpeningHours(Stream.of(windows)
                .map(w -> ((Window.Right) Window.parse(w)).window())
                .toList());
    }

    @Test
    void withoutWindowsItIsAlwaysOpen() {
        assertThat(new OpeningHours(List.of()).closed(Instant.EPOCH)).isEmpty();
    }

    @Test
    void itIsOpenWhileAnyWindowIs() {
        for (String open : List.of(
                "2026-11-25T12:30:00Z",
                "2026-11-25T21:00:00Z",
                "2026-11-27T04:59:59Z",
                "2026-11-28T12:00:00Z",
                "2026-11-29T22:59:59Z")) {
            assertThat(HOURS.closed(Instant.parse(open))).as(open).isEmpty();
        }
    }

    @Test
    void theNextWindowToOpenIsNamed() {
        OpeningHours.Closed wednesday =
                HOURS.closed(Instant.parse("2026-11-25T11:59:59Z")).orElseThrow();
        assertThat(wednesday.until()).isEqualTo(Instant.parse("2026-11-25T12:00:00Z"));
        assertThat(wednesday.text()).isEqualTo("opens Wed 2026-11-25 12:00 UTC");

        OpeningHours.Closed night =
                HOURS.closed(Instant.parse("2026-11-25T13:00:00Z")).orElseThrow();
        assertThat(night.until()).isEqualTo(Instant.parse("2026-11-25T21:00:00Z"));
        assertThat(night.window().text()).isEqualTo("Mon-Fri 22:00-06:00 Europe/Berlin");
        assertThat(night.text()).isEqualTo("opens Wed 2026-11-25 22:00 Europe/Berlin");
    }

    @Test
    void theTimeItWasOpenIsCountedUpToWhatIsEnough() {
        Instant monday = Instant.parse("2026-11-23T05:00:00Z"); // 06:00 in Berlin
        Instant tuesday = Instant.parse("2026-11-24T05:00:00Z");
        Duration week = Duration.ofDays(7);
        assertThat(HOURS.openBetween(monday, tuesday, week)).isEqualTo(Duration.ofHours(8));
        assertThat(HOURS.openBetween(monday, tuesday, Duration.ofHours(3))).isEqualTo(Duration.ofHours(3));
        assertThat(HOURS.openBetween(monday, Instant.parse("2026-11-23T20:00:00Z"), week))
                .isEqualTo(Duration.ZERO);
        var always = new OpeningHours(List.of());
        assertThat(always.openBetween(monday, tuesday, week)).isEqualTo(Duration.ofDays(1));
        assertThat(always.openBetween(monday, tuesday, Duration.ofHours(3))).isEqualTo(Duration.ofHours(3));
    }
}
