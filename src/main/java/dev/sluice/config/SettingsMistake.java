package dev.sluice.config;

import dev.sluice.problem.Printable;

/**
 * Something wrong with the configuration.
 *
 * @param place {@code sluice.yaml:12}, or the name of an environment variable; empty where a value is missing
 * @param key dotted, as in the file; empty for the whole file
 * @param reason what is wrong; never a secret
 * @param fix what to write instead
 */
public record SettingsMistake(String place, String key, String reason, String fix) {

    /** {@code sluice.yaml:12: http.port: "abc" is not a whole number. Fix: …}, in one line. */
    @Override
    public String toString() {
        return Printable.line((place.isEmpty() ? "" : place + ": ")
                + (key.isEmpty() ? "" : Mask.key(key) + ": ")
                + reason
                + " Fix: "
                + fix);
    }
}
