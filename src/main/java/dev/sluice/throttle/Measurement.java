package dev.sluice.throttle;

/**
 * One measured number.
 *
 * @param measure key of the limit it is held against, such as {@code limit} or {@code bytes}; see
 *     {@link dev.sluice.job.SignalKind#limits()}
 * @param subject what it was measured on, such as a replica's name; empty where there is but one
 * @param value in the limit's unit; with {@link Scale.TimesOf} in seconds
 * @param text the value for people, with its unit, such as {@code 7.2s} or {@code 12.4ms (quiet 3.1ms)}
 * @param better which way is the good one
 * @param hard whether the run must hold whatever the limit is, such as for a slot that is about to be lost
 * @param scale how the job's limit is to be read for it
 */
public record Measurement(
        String measure, String subject, double value, String text, Better better, boolean hard, Scale scale) {

    /** @throws IllegalArgumentException for a value that is not a number: it is unknown, and no level */
    public Measurement {
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException(measure + " of \"" + subject + "\" is not a number");
        }
    }

    /** Held against the limit as it is written. */
    public Measurement(String measure, String subject, double value, String text, Better better, boolean hard) {
        this(measure, subject, value, text, better, hard, new Scale.Plain());
    }

    /** Which way is the good one. */
    public enum Better {
        LESS,
        MORE
    }

    /** How the job's limit is to be read. */
    public sealed interface Scale {
        /** As it is written. */
        record Plain() implements Scale {}

        /**
         * As so many times of what was measured in quiet times, or of the limit {@code floor} where that is more: what
         * is hardly anything may double without harm.
         *
         * @param quiet in the value's unit; 0 where it is not known yet
         */
        record TimesOf(double quiet) implements Scale {}

        /**
         * As it is written, but never above this: the server leaves no more.
         *
         * @param most in the limit's unit
         */
        record AtMost(double most) implements Scale {}
    }

    /** Less is better, and nothing is lost yet. */
    public static Measurement of(String measure, String subject, double value, String text) {
        return new Measurement(measure, subject, value, text, Better.LESS, false);
    }
}
