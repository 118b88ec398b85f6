package dev.sluice.checkpoint;

import java.util.Locale;

/** What a person wants of a run; each batch reads it under its checkpoint's lock. */
public enum Wanted {
    RUNNING,
    PAUSED,
    /** cancelled or failed; a resume makes it RUNNING again */
    STOPPED;

    /** As in the database. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The value with this code. */
    public static Wanted of(String code) {
        return valueOf(code.toUpperCase(Locale.ROOT));
    }
}
