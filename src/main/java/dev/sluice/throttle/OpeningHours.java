package dev.sluice.throttle;

import dev.sluice.job.Window;
import java.time.Duration;
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
    /** Windows are written in minutes. */
    private static final Duration STEP = Duration.ofMinutes(1);

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

    /**
     * For how long the job might have worked between two moments, in whole minutes where it has windows.
     *
     * @param enough nothing beyond this is counted
     * @return at most {@code enough}
     */
    public Duration openBetween(Instant from, Instant to, Duration enough) {
        if (windows.isEmpty()) {
            Duration all = Duration.between(from, to);
            return all.compareTo(enough) < 0 ? all : enough;
        }
        Duration open = Duration.ZERO;
        // from the end, where it counts: what is enough is found soon, however long ago the other moment is
        for (Instant t = to.minus(STEP); !t.isBefore(from) && open.compareTo(enough) < 0; t = t.minus(STEP)) {
            Instant moment = t;
            if (windows.stream().anyMatch(w -> w.isOpen(moment))) {
                open = open.plus(STEP);
            }
        }
        return open.compareTo(enough) < 0 ? open : enough;
    }
}
