package dev.sluice.config;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as people write it: a whole number and {@code B}, {@code kB}, {@code MB}, {@code GB} or {@code TB}.
 */
public final class SizeText {
    /** For messages: what a size looks like. */
    public static final String FORM = "a whole number with B, kB, MB, GB or TB, such as 500MB or 20GB";

    /** 1,000 TB; nothing larger can be meant, and every size up to it is exact as a {@code double}. */
    public static final long LARGEST = 1_000_000_000_000_000L;

    private static final Pattern PATTERN = Pattern.compile("(\\d{1,15})(B|kB|MB|GB|TB)");
    /** Decimal, the largest first. */
    private static final List<Map.Entry<String, Long>> UNITS = List.of(
            Map.entry("TB", 1_000_000_000_000L),
            Map.entry("GB", 1_000_000_000L),
            Map.entry("MB", 1_000_000L),
            Map.entry("kB", 1_000L),
            Map.entry("B", 1L));

    private SizeText() {}

    /**
     * Reads {@code 500MB}, {@code 20GB}; a {@code kB} is 1,000 bytes.
     *
     * @return bytes, {@link Long#MAX_VALUE} for more than that; empty for anything that is no size
     */
    public static OptionalLong parse(String text) {
        Matcher m = PATTERN.matcher(text);
        if (!m.matches()) {
            return OptionalLong.empty();
        }
        long unit = UNITS.stream()
                .filter(u -> u.getKey().equals(m.group(2)))
                .findFirst()
                .orElseThrow()
                .getValue();
        BigInteger bytes = new BigInteger(m.group(1)).multiply(BigInteger.valueOf(unit));
        return OptionalLong.of(bytes.min(BigInteger.valueOf(Long.MAX_VALUE)).longValue());
    }

    /** Writes it in the largest unit that keeps it whole: {@code 20GB}, {@code 1500MB}, {@code 1B}. */
    public static String format(long bytes) {
        for (var unit : UNITS) {
            if (bytes != 0 && bytes % unit.getValue() == 0) {
                return bytes / unit.getValue() + unit.getKey();
            }
        }
        return "0B";
    }
}
