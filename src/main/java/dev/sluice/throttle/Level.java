package dev.sluice.throttle;

/**
 * One measured number.
 *
 * @param measure key of the limit it is held against, such as {@code limit} or {@code bytes}; see
 *     {@link dev.sluice.job.SignalKind#limits()}
 * @param subject what it was measured on, such as a replica's name; empty where there is but one
 * @param value in the limit's unit
 * @param text the value for people, with its unit, such as {@code 7.2s} or {@code 12.4ms (quiet 3.1ms)}
 * @param better which way is the good one
 * @param hard whether the run must hold whatever the limit is, such as for a slot that is about to be lost
 */
public record Level(String measure, String subject, double value, String text, Better better, boolean hard) {
    /** Which way is the good one. */
    public enum Better {
        LESS,
        MORE
    }

    /** Less is better, and nothing is lost yet. */
    public static Level of(String measure, String subject, double value, String text) {
        return new Level(measure, subject, value, text, Better.LESS, false);
    }
}
