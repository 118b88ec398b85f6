package dev.sluice.checkpoint;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * That all runs are stopped.
 *
 * @param by who did it
 * @param since when, by the control database's clock
 * @param reason as it was given; null for none
 */
public record StopNote(String by, Instant since, @Nullable String reason) {
    /** Why a run holds. */
    public static final String REASON = "stopped-all";

    /** For people: who, since when, why, and what goes on. */
    public String message() {
        return "all runs are stopped by " + by + " since " + since + (reason == null ? "" : " (" + reason + ")")
                + "; `sluice resume-all` goes on";
    }
}
