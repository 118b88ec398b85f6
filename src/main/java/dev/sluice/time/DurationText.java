package dev.sluice.time;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A length of time as people write it: a whole number and {@code ms}, {@code s}, {@code m}, {@code h} or {@code d}. */
public final class DurationText {
    /** For messages: what a length of time looks like. */
    public static final String FORM = "a number with ms, s, m, h or d, such as 500ms, 30s or 2h";

    private static final Pattern PATTERN = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private DurationText() {}

    /** Reads {@code 500ms}, {@code 30s}, {@code 10m}, {@code 2h}, {@code 14d}; empty for anything else. */
    public static Optional<Duration> parse(String text) {
        Matcher m = PATTERN.matcher(text);
        if (!m.matches()) {
            return Optional.empty();
        }
        long n = Long.parseLong(m.group(1));
        return Optional.of(
                switch (m.group(2)) {
                    case "ms" -> Duration.ofMillis(n);
                    case "s" -> Duration.ofSeconds(n);
                    case "m" -> Duration.ofMinutes(n);
                    case "h" -> Duration.ofHours(n);
                    default -> Duration.ofDays(n);
                });
    }

    /**
     * Writes it in the largest unit that keeps it whole, to the millisecond: {@code 90s}, {@code 2h}, {@code 250ms}.
     */
    public static String format(Duration length) {
        long ms = length.toMillis();
        if (ms == 0) {
            return "0s";
        }
        if (ms % 1000 != 0) {
            return ms + "ms";
        }
        long s = ms / 1000;
        if (s % 86_400 == 0) {
            return s / 86_400 + "d";
        }
        if (s % 3600 == 0) {
            return s / 3600 + "h";
        }
        return s % 60 == 0 ? s / 60 + "m" : s + "s";
    }
}
