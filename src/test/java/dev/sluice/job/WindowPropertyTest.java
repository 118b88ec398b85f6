package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** A window against a clock that somebody watches, minute by minute. */
class WindowPropertyTest {
    private static final int WEEK = 7 * 24 * 60;
    private static final List<String> NAMES = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");

    /** Those where something happens: half hours, two hours, at midnight, a day that was left out. */
    @Provide
    Arbitrary<String> zones() {
        return Arbitraries.of(
                "Europe/Berlin",
                "America/New_York",
                "America/St_Johns",
                "Australia/Lord_Howe",
                "Antarctica/Troll",
                "America/Havana",
                "Asia/Beirut",
                "Pacific/Apia",
                "UTC",
                "+05:45");
    }

    /** By minute of the week: open or not. */
    private static boolean[] model(int days, int from, int to) {
        boolean[] open = new boolean[WEEK];
        int length = Math.floorMod(to - from - 1, 24 * 60) + 1;
        for (int day = 0; day < 7; day++) {
            for (int k = 0; k < length && (days & 1 << day) != 0; k++) {
                open[(day * 24 * 60 + from + k) % WEEK] = true;
            }
        }
        return open;
    }

    private static boolean isOpen(boolean[] model, ZoneId zone, Instant moment) {
        ZonedDateTime wall = moment.atZone(zone);
        return model[((wall.getDayOfWeek().getValue() - 1) * 24 + wall.getHour()) * 60 + wall.getMinute()];
    }

    /** The first whole minute from a moment on at which it is open, or that moment. */
    private static Instant opens(boolean[] model, ZoneId zone, Instant now) {
        Instant moment = now;
        while (!isOpen(model, zone, moment)) {
            moment = moment.truncatedTo(ChronoUnit.MINUTES).plus(Duration.ofMinutes(1));
        }
        return moment;
    }

    private static Window window(int days, int from, int to, String zone) {
        List<String> names = new ArrayList<>();
        for (int day = 0; day < 7; day++) {
            if ((days & 1 << day) != 0) {
                names.add(NAMES.get(day));
            }
        }
        String text = String.format(
                Locale.ROOT,
                "%s %02d:%02d-%02d:%02d %s",
                String.join(",", names),
                from / 60,
                from % 60,
                to / 60,
                to % 60,
                zone);
        return ((Window.Right) Window.parse(text)).window();
    }

    /** Half of the moments lie within a day of a jump of the clock, where there is one. */
    private static Instant moment(ZoneId zone, long second, boolean nearJump) {
        Instant any = Instant.parse("2010-01-01T00:00:00Z").plusSeconds(second);
        var jump = zone.getRules().nextTransition(any);
        return nearJump && jump != null ? jump.getInstant().plusSeconds(second % 172_800 - 86_400) : any;
    }

    @Property(tries = 600)
    void opensAndClosesAsTheClockOnTheWallSays(
            @ForAll @IntRange(min = 1, max = 127) int days,
            @ForAll @IntRange(max = 1439) int from,
            @ForAll @IntRange(max = 1440) int to,
            @ForAll("zones") String zone,
            @ForAll @LongRange(max = 20L * 365 * 86_400) long second,
            @ForAll boolean nearJump) {
        Window window = window(days, from, to, zone);
        boolean[] model = model(days, from, to);
        Instant now = moment(window.zone(), second, nearJump);

        assertThat(window.isOpen(now)).isEqualTo(isOpen(model, window.zone(), now));
        assertThat(window.opensAfter(now)).isEqualTo(opens(model, window.zone(), now));
    }

    /** Short windows in the hours of the jump, on the day of it and those around. */
    @Property(tries = 600)
    void opensAndClosesRightWhereTheClockJumps(
            @ForAll @IntRange(min = 1, max = 127) int days,
            @ForAll @IntRange(min = -130, max = 130) int from,
            @ForAll @IntRange(min = 1, max = 150) int length,
            @ForAll("zones") String zone,
            @ForAll @LongRange(max = 20L * 365 * 86_400) long second,
            @ForAll @IntRange(min = -10_000, max = 10_000) int fromJump) {
        ZoneId place = ZoneId.of(zone);
        var jump = place.getRules()
                .nextTransition(Instant.parse("2010-01-01T00:00:00Z").plusSeconds(second));
        if (jump == null) {
            return;
        }
        int wall = jump.getDateTimeBefore().toLocalTime().toSecondOfDay() / 60;
        int opening = Math.floorMod(wall + from, 24 * 60);
        int closing = (opening + length) % (24 * 60);
        Window window = window(days, opening, closing, zone);
        boolean[] model = model(days, opening, closing);
        Instant now = jump.getInstant().plusSeconds(fromJump);

        assertThat(window.isOpen(now)).isEqualTo(isOpen(model, place, now));
        assertThat(window.opensAfter(now)).isEqualTo(opens(model, place, now));
    }
}
