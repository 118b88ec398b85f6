package dev.sluice.throttle;

import dev.sluice.job.Window;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * When a job may work: while any of its windows is open, or at any time where it has none.
 *
 * @param windows of the job
 */
public record OpeningHours(List<Window> windows) {
    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("EEE yyyy-MM-dd HH:mm VV", Locale.ENGLISH);

    public OpeningHours {
        windows = List.copyOf(windows);
    }

    /**
     * A time at which no window is open.
     *
     * @param until the first moment at which one is
     * @param window that one
     */
    public record Closed(Instant until, Window window) {
        /** For people: {@code opens Mon 2026-11-30 22:00 Europe/Berlin}. */
        public String text() {
            return "opens " + MOMENT.format(ZonedDateTime.ofInstant(until, window.zone()));
        }
    }

    /** Empty where the job may work at this moment. */
    public Optional<Closed> closed(Instant now) {
        if (windows.isEmpty() || windows.stream().anyMatch(w -> w.isOpen(now))) {
            return Optional.empty();
        }
        return windows.stream().map(w -> new Closed(w.opensAfter(now), w)).min(Comparator.comparing(Closed::until));
    }
}
