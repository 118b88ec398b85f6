package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Numbers, lengths of time and runs, as people read them. */
final class Formats {
    private Formats() {}

    /** {@code 1,234,567}. */
    static String number(double value) {
        return String.format(Locale.ROOT, "%,d", Math.round(value));
    }

    /** {@code 1,234,567}; {@code unknown} while the target does not answer. */
    static String count(JsonNode value) {
        return value.isNumber() ? number(value.asDouble()) : "unknown";
    }

    /** {@code 42.5%}; {@code -} while unknown. */
    static String percent(JsonNode ratio) {
        // down, not to the nearest: 100.0% is said only when it is all
        return ratio.isNumber() ? String.format(Locale.ROOT, "%.1f%%", Math.floor(ratio.asDouble() * 1000) / 10) : "-";
    }

    /** {@code 1h 5m}, {@code 42s}; {@code -} while unknown. */
    static String seconds(JsonNode seconds) {
        return seconds.isNumber() ? seconds(Duration.ofMillis(Math.round(seconds.asDouble() * 1000))) : "-";
    }

    /** As {@link #seconds(JsonNode)}. */
    static String seconds(Duration length) {
        long s = Math.round(length.toMillis() / 1000.0);
        if (s < 120) {
            return s + "s";
        }
        long m = s / 60;
        if (m < 120) {
            return s % 60 == 0 ? m + "m" : m + "m " + s % 60 + "s";
        }
        return m < 48 * 60 ? m / 60 + "h " + m % 60 + "m" : m / 1440 + "d " + m / 60 % 24 + "h";
    }

    /** {@code 50,000 rows/s}; {@code -} while unknown. */
    static String rate(JsonNode rowsPerSecond) {
        return rowsPerSecond.isNumber() ? number(rowsPerSecond.asDouble()) + " rows/s" : "-";
    }

    /** {@code 1.2 GB}. */
    static String bytes(long bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB", "PB"};
        double value = bytes;
        int unit = 0;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, units[unit]);
    }

    /** A text field, or {@code -}. */
    static String text(JsonNode node) {
        return node.isNull() || node.isMissingNode() || node.asText().isEmpty() ? "-" : node.asText();
    }

    /**
     * {@code running 42.5%, 1,000 of 2,000 rows, 50,000 rows/s, ETA 15s, batch 1,000, held by …}: one line of a
     * followed run.
     */
    static String step(JsonNode run) {
        JsonNode p = run.path("progress");
        var parts = new ArrayList<String>();
        String state = run.path("state").asText();
        String pass = p.path("pass").asText();
        boolean counting = p.path("ratio").isNumber();
        parts.add(state + (counting ? " " + pass + " " + percent(p.path("ratio")) : ""));
        String of = p.path("estimatedRows").isNumber()
                ? " of about " + number(p.path("estimatedRows").asDouble())
                : "";
        parts.add(count(p.path("scanned")) + of + " rows");
        parts.add(count(p.path("changed")) + " changed");
        if (p.path("rowsPerSecond").isNumber()) {
            parts.add(rate(p.path("rowsPerSecond")));
        }
        if (p.path("etaSeconds").isNumber()) {
            parts.add("ETA " + seconds(p.path("etaSeconds")));
        }
        if (p.path("batchSize").isNumber()) {
            parts.add("batch " + number(p.path("batchSize").asDouble()));
        }
        if (run.path("limitedBy").isObject()) {
            String reason = run.path("limitedBy").path("reason").asText();
            // waiting and being paused are no limits, and the state has said it
            parts.add((reason.equals(state) ? "" : "limited by " + reason + ": ")
                    + run.path("limitedBy").path("message").asText());
        }
        return String.join(", ", parts);
    }

    /** How a run ended, with the reason where it did not succeed. */
    static List<String> end(JsonNode run) {
        var lines = new ArrayList<String>();
        JsonNode p = run.path("progress");
        lines.add("Run " + run.path("id").asText() + " of " + run.path("job").asText() + ": "
                + run.path("state").asText() + ", " + count(p.path("changed")) + " rows changed.");
        lines.addAll(failure(run));
        return lines;
    }

    /** Why a run failed or is incomplete; nothing for any other. The statement, which may be long, is left to JSON. */
    static List<String> failure(JsonNode run) {
        var lines = new ArrayList<String>();
        JsonNode failure = run.path("failure");
        if (failure.isObject()) {
            lines.add("  " + failure.path("code").asText() + ": "
                    + failure.path("message").asText());
            add(lines, "  SQLSTATE ", failure.path("sqlState"));
            add(lines, "  server: ", failure.path("serverMessage"));
            add(lines, "  detail: ", failure.path("serverDetail"));
            if (failure.path("statement").isTextual()) {
                lines.add("  the statement: sluice status " + run.path("id").asText() + " --output json");
            }
            add(lines, "  keys ", failure.path("keyRange"));
            failure.path("row").properties().forEach(c -> add(lines, "  row " + c.getKey() + " = ", c.getValue()));
        }
        return lines;
    }

    private static void add(List<String> lines, String label, JsonNode value) {
        if (!value.isNull() && !value.isMissingNode()) {
            lines.add(label + value.asText());
        }
    }

    /** The beginning of a text that may be very long. */
    static String brief(String text, int most) {
        return text.length() <= most ? text : text.substring(0, Math.max(0, most - 1)) + "…";
    }

    /** {@code 2h}. */
    static String length(Duration length) {
        return DurationText.format(length);
    }
}
