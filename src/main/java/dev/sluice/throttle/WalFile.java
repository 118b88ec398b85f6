package dev.sluice.throttle;

import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Names of WAL files: eight hex digits each of timeline, log and segment of the log. */
final class WalFile {
    private static final Pattern SEGMENT = Pattern.compile("[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})");
    /** Bytes that the last eight digits count through, in segments. */
    private static final long LOG = 0x1_0000_0000L;

    private WalFile() {}

    /**
     * How many segments come before this one, of whatever timeline.
     *
     * @param name such as {@code 000000010000000A000000FF}
     * @param segmentSize bytes of each
     * @return empty for null, and for what is no whole segment: {@code .history}, {@code .backup}, {@code .partial}
     */
    static OptionalLong segment(@Nullable String name, long segmentSize) {
        if (name == null) {
            return OptionalLong.empty();
        }
        Matcher m = SEGMENT.matcher(name);
        return m.matches()
                ? OptionalLong.of(Long.parseLong(m.group(1), 16) * (LOG / segmentSize) + Long.parseLong(m.group(2), 16))
                : OptionalLong.empty();
    }
}
