package dev.sluice.job;

import dev.sluice.problem.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Something wrong with a job, told so that a person can fix it.
 *
 * @param file the file, as the person named it or relative to the jobs folder
 * @param line 1-based; null where no line is to blame
 * @param key dotted path such as {@code migrate.batch.target}; empty for the whole file
 * @param code stable, kebab-case: {@code unknown-key}, {@code wrong-type}, {@code not-supported-yet}, {@code bad-cron},
 *     …
 * @param reason what is wrong
 * @param fix what to write instead
 */
public record Mistake(String file, @Nullable Integer line, String key, String code, String reason, String fix) {

    private static final int LONGEST_SHOWN = 60;

    /** The beginning of a value that may be long. */
    static String brief(String text) {
        return text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN - 3) + "..." : text;
    }

    /** {@code jobs/a.yaml:12: migrate.table: no such table "app.usrs". Fix: …}, in one line whatever the file holds. */
    @Override
    public String toString() {
        return Printable.line(file + (line == null ? "" : ":" + line) + ": " + (key.isEmpty() ? "" : key + ": ")
                + reason + " Fix: " + fix);
    }
}
