package dev.sluice.fleet;

import dev.sluice.time.DurationText;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * This worker's clock against the control database's, at one moment.
 *
 * @param offset how far it is ahead; negative where it is behind
 * @param uncertainty half of the round trip: the true offset is at most so far from this one
 */
public record ClockReading(Duration offset, Duration uncertainty) {
    /** A clock may be off by so much, "More than one worker" in the engine's design (engine.md). */
    public static final Duration LIMIT = Duration.ofSeconds(2);

    /**
     * A reading that is less certain says nothing: with the database that slow, the offset it shows may be the round
     * trip's. Half of the limit.
     */
    static final Duration MOST_UNCERTAIN = LIMIT.dividedBy(2);

    /**
     * Asks the database what time it is. It is taken to have answered halfway of the round trip, as Cristian's
     * algorithm does (F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989).
     */
    static ClockReading of(Time time, Supplier<Instant> database) {
        long begin = time.nanos();
        Instant theirs = database.get();
        long trip = time.nanos() - begin;
        Instant halfway = time.now().minusNanos(trip / 2);
        return new ClockReading(Duration.between(theirs, halfway), Duration.ofNanos(trip / 2));
    }

    /** Whether it may be judged by. */
    boolean isCertain() {
        return uncertainty.compareTo(MOST_UNCERTAIN) <= 0;
    }

    /** Whether the clock is further off than {@link #LIMIT}. */
    public boolean isOff() {
        return offset.abs().compareTo(LIMIT) > 0;
    }

    /** The fact, the numbers and the remedy. */
    public String message() {
        return "this worker's clock is " + seconds(offset.abs()) + (offset.isNegative() ? " behind" : " ahead of")
                + " the control database's, " + DurationText.format(LIMIT)
                + " are allowed. It takes no work until they agree; other workers go on with its runs. Set both machines"
                + " by NTP (chrony, systemd-timesyncd): compare `date -u` here with `SELECT clock_timestamp()` there.";
    }

    private static String seconds(Duration length) {
        return String.format(java.util.Locale.ROOT, "%.1f s", length.toMillis() / 1000.0);
    }
}
