package dev.sluice.execution;

/**
 * Why the carrying of a run ends before the run does. Not an error: the run goes on elsewhere, later, or not at all.
 */
final class Stop extends Exception {
    /** The ways. */
    enum Reason {
        /** paused, cancelled or failed: look at the run's row */
        NOT_WANTED,
        /** another worker holds the token or the run */
        FENCED
    }

    private final Reason reason;

    Stop(Reason reason) {
        super(reason.name(), null, false, false);
        this.reason = reason;
    }

    Reason reason() {
        return reason;
    }
}
