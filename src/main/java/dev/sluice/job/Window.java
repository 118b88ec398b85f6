package dev.sluice.job;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Set;

/**
 * When a job may work, such as {@code Mon-Fri 22:00-06:00 Europe/Berlin}.
 *
 * @param days on which it opens
 * @param from local time at which it opens
 * @param to local time at which it closes; at or before {@code from} it is on the next day
 * @param zone of both
 * @param text as written
 */
public record Window(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone, String text) {
    public Window {
        days = Set.copyOf(days);
    }

    /** Whether it is open. */
    public boolean isOpen(Instant now) {
        throw new UnsupportedOperationException();
    }

    /** The next opening after a moment at which it is closed. */
    public Instant opensAfter(Instant now) {
        throw new UnsupportedOperationException();
    }
}
