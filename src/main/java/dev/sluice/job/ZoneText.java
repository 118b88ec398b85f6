package dev.sluice.job;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Optional;

/** A time zone as a job file names it. */
final class ZoneText {
    private ZoneText() {}

    /** The zone; empty where the text names none. */
    static Optional<ZoneId> parse(String text) {
        try {
            return Optional.of(ZoneId.of(text));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** What is wrong with a text that names no zone. */
    static String reason(String text) {
        return "\"" + text + "\" is no time zone.";
    }

    /** What to write instead of a text that names no zone. */
    static String fix(String text) {
        return Spelling.nearest(text, ZoneId.getAvailableZoneIds())
                .map(z -> "Did you mean `" + z + "`?")
                .orElse("Write a zone's name, such as `Europe/Berlin`, or `UTC`.");
    }
}
