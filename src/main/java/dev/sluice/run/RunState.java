package dev.sluice.run;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * The states of a run. This is the one place that knows the legal moves:
 *
 * <pre>
 *  queued ──▶ running ──▶ verifying ◀──▶ sweeping
 *                │            │ │            │
 *                │            │ ├──▶ succeeded
 *                │            │ └──▶ incomplete ──▶ verifying (after repairs)
 *                ▼            ▼              ▼
 *              paused (and back to where it was paused)
 *
 *  any live state ──▶ failed | cancelled ──▶ queued (resume, same fingerprint)
 *  succeeded ──▶ incomplete (the evidence is renewed from time to time, and no longer holds)
 * </pre>
 */
public enum RunState {
    QUEUED,
    RUNNING,
    PAUSED,
    VERIFYING,
    SWEEPING,
    SUCCEEDED,
    INCOMPLETE,
    FAILED,
    CANCELLED;

    private static final Set<RunState> LIVE = EnumSet.of(QUEUED, RUNNING, PAUSED, VERIFYING, SWEEPING);

    /** Whether the run still has work ahead; at most one run per job is live. */
    public boolean isLive() {
        return LIVE.contains(this);
    }

    /** The states that may follow this one. */
    public Set<RunState> next() {
        return switch (this) {
            case QUEUED -> EnumSet.of(RUNNING, VERIFYING, SWEEPING, PAUSED, FAILED, CANCELLED);
            case RUNNING -> EnumSet.of(PAUSED, VERIFYING, FAILED, CANCELLED);
            case PAUSED -> EnumSet.of(QUEUED, RUNNING, VERIFYING, SWEEPING, FAILED, CANCELLED);
            case VERIFYING -> EnumSet.of(PAUSED, SWEEPING, SUCCEEDED, INCOMPLETE, FAILED, CANCELLED);
            case SWEEPING -> EnumSet.of(PAUSED, VERIFYING, FAILED, CANCELLED);
            case INCOMPLETE -> EnumSet.of(VERIFYING);
            case FAILED, CANCELLED -> EnumSet.of(QUEUED);
            case SUCCEEDED -> EnumSet.of(INCOMPLETE);
        };
    }

    /** As in the database, the API and the metrics: lower case. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state with this code.
     *
     * @throws IllegalArgumentException for any other text
     */
    public static RunState of(String code) {
        return valueOf(code.toUpperCase(Locale.ROOT));
    }
}
