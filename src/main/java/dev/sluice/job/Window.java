package dev.sluice.job;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * When a job may work, such as {@code Mon-Fri 22:00-06:00 Europe/Berlin}: whenever the clock on the wall there shows a
 * time in it. So an hour that the clock skips in spring is no hour of the window, and one that it repeats in autumn
 * counts twice.
 *
 * @param days on which it opens, at least one
 * @param from local time at which it opens
 * @param to local time at which it closes; at or before {@code from} it is on the next day
 * @param zone of both
 * @param text as written
 */
public record Window(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone, String text) {
    /** One week, twice over, since a zone may skip a whole day, and a day more at both ends. */
    private static final int DAYS_AHEAD = 16;

    public Window {
        if (days.isEmpty()) {
            throw new IllegalArgumentException("a window without days never opens");
        }
        days = Set.copyOf(days);
    }

    /** What became of a text. */
    public sealed interface Parsed {}

    /** It is a window. */
    public record Right(Window window) implements Parsed {}

    /**
     * It is none.
     *
     * @param reason what is wrong, a sentence
     * @param fix what to write instead, a sentence
     */
    public record Wrong(String reason, String fix) implements Parsed {}

    /**
     * Reads days, times and zone: {@code Mon-Fri 22:00-06:00 Europe/Berlin}, {@code Sat,Sun 00:00-24:00 UTC}. Days are
     * names of three letters or whole ones, ranges may go over the end of the week, and {@code 24:00} ends a day.
     */
    public static Parsed parse(String text) {
        return WindowText.parse(text.strip());
    }

    /** Whether it is open. */
    public boolean isOpen(Instant now) {
        LocalDateTime wall = LocalDateTime.ofInstant(now, zone);
        LocalTime time = wall.toLocalTime();
        DayOfWeek day = wall.getDayOfWeek();
        if (from.isBefore(to)) {
            return days.contains(day) && !time.isBefore(from) && time.isBefore(to);
        }
        return (days.contains(day) && !time.isBefore(from)) || (days.contains(day.minus(1)) && time.isBefore(to));
    }

    /** The first moment, from this one on, at which it is open. */
    public Instant opensAfter(Instant now) {
        List<Instant> moments = new ArrayList<>(List.of(now));
        ZoneRules rules = zone.getRules();
        LocalDate today = LocalDate.ofInstant(now, zone);
        for (int i = -1; i <= DAYS_AHEAD; i++) {
            LocalDate date = today.plusDays(i);
            if (days.contains(date.getDayOfWeek())) {
                LocalDateTime opening = date.atTime(from);
                // none where the clock skips it, two where it repeats it
                rules.getValidOffsets(opening).forEach(offset -> moments.add(opening.toInstant(offset)));
            }
        }
        Instant horizon = now.plus(Duration.ofDays(DAYS_AHEAD));
        ZoneOffsetTransition jump = rules.nextTransition(now);
        while (jump != null && jump.getInstant().isBefore(horizon)) {
            moments.add(jump.getInstant()); // the clock may jump into the window
            jump = rules.nextTransition(jump.getInstant());
        }
        return moments.stream()
                .filter(m -> !m.isBefore(now) && isOpen(m))
                .min(Comparator.naturalOrder())
                .orElseThrow(() -> new IllegalStateException(text + " does not open after " + now));
    }
}
