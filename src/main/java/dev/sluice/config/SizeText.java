package dev.sluice.config;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as people write it: a whole number and {@code B}, {@code kB}, {@code MB}, {@code GB} or {@code TB}.
 */
public final class SizeText {
    /** For messages: what a size looks like. */
    public static final String FORM = "a number with B, kB, MB, GB or TB, such as 500MB or 20GB";

    private static final Pattern PATTERN = Pattern.compile("(\\d{1,6})(B|kB|MB|GB|TB)");
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};

    private SizeText() {}

    /** Reads {@code 512B}, {@code 64kB}, {@code 10MB}, {@code 20GB}, {@code 1TB}; empty for anything else. */
    public static OptionalLong parse(String text) {
        Matcher m = PATTERN.matcher(text);
        if (!m.matches()) {
            return OptionalLong.empty();
        }
        long bytes = Long.parseLong(m.group(1));
        for (int i = 0; !UNITS[i].equals(m.group(2)); i++) {
            bytes *= 1000;
        }
        return OptionalLong.of(bytes);
    }

    /** Writes it in the largest unit that keeps it whole: {@code 20GB}, {@code 1500MB}. */
    public static String format(long bytes) {
        long left = bytes;
        int unit = 0;
        while (left != 0 && left % 1000 == 0 && unit < UNITS.length - 1) {
            left /= 1000;
            unit++;
        }
        return left + UNITS[unit];
    }
}
