package dev.sluice.job;

import dev.sluice.config.SizeText;
import dev.sluice.job.SignalKind.Unit;
import dev.sluice.time.DurationText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * A signal's limit as people write it: {@code 5s}, {@code 1GB}, {@code 2.5}, {@code 60%}; and within what it must lie.
 */
public final class LimitText {
    private static final Pattern PERCENT = Pattern.compile("\\d{1,3}([.]\\d{1,2})?%");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,15}([.]\\d{1,20})?([eE][+]?\\d{1,2})?");

    private LimitText() {}

    /**
     * Reads it.
     *
     * @return in base units: seconds, bytes, a count, a ratio, times; empty where it is not written that way
     */
    static OptionalDouble parse(Unit unit, String text) {
        return switch (unit) {
            case SECONDS ->
                DurationText.parse(text)
                        .map(d -> OptionalDouble.of(d.toMillis() / 1000.0))
                        .orElse(OptionalDouble.empty());
            case BYTES ->
                SizeText.parse(text).stream().mapToDouble(b -> (double) b).findFirst();
            case RATIO ->
                PERCENT.matcher(text).matches()
                        ? OptionalDouble.of(new BigDecimal(text.substring(0, text.length() - 1))
                                .movePointLeft(2)
                                .doubleValue())
                        : OptionalDouble.empty();
            case COUNT, TIMES ->
                NUMBER.matcher(text).matches()
                        ? OptionalDouble.of(new BigDecimal(text).doubleValue())
                        : OptionalDouble.empty();
        };
    }

    /** Writes it as it can be read: {@code 5s}, {@code 1GB}, {@code 2}, {@code 60%}. */
    public static String format(Unit unit, double limit) {
        return switch (unit) {
            case SECONDS -> DurationText.format(Duration.ofMillis(Math.round(limit * 1000)));
            case BYTES -> SizeText.format(Math.round(limit));
            case RATIO -> plain(BigDecimal.valueOf(limit).movePointRight(2)) + "%";
            case COUNT, TIMES -> plain(BigDecimal.valueOf(limit));
        };
    }

    /** What it looks like, for messages. */
    static String form(Unit unit) {
        return switch (unit) {
            case SECONDS -> "a duration such as `5s`";
            case BYTES -> "a size such as `1GB`";
            case RATIO -> "a share such as `60%`";
            case COUNT, TIMES -> "a number such as `2.5`";
        };
    }

    /** The smallest that can be meant. */
    static double least(Unit unit) {
        return switch (unit) {
            case SECONDS -> 0.001;
            case BYTES -> 1000;
            case RATIO -> 0.001;
            case COUNT -> 0.1;
            case TIMES -> 1.1;
        };
    }

    /** The largest that can be meant. */
    static double most(Unit unit) {
        return switch (unit) {
            case SECONDS -> 30.0 * 86_400;
            case BYTES -> SizeText.LARGEST;
            case RATIO -> 1;
            case COUNT -> 1_000_000;
            case TIMES -> 1000;
        };
    }

    private static String plain(BigDecimal number) {
        return number.stripTrailingZeros().toPlainString();
    }
}
