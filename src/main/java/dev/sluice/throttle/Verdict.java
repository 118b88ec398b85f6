package dev.sluice.throttle;

/**
 * The worst level of one signal against the limits of one job.
 *
 * @param code of the signal
 * @param subject what the level was measured on; empty where there is but one
 * @param value that was measured, in the limit's unit
 * @param limit it was held against
 * @param pressure 1.0 at the limit, more above it, {@link SignalEvaluator#MOST} at most
 * @param text for people, such as {@code replica-lag of replica1 7.2s >= 5s}
 * @param hard whether the run must hold whatever the pressure
 */
public record Verdict(
        String code, String subject, double value, double limit, double pressure, String text, boolean hard) {

    /** Whether the run is too fast. */
    public boolean isOver() {
        return hard || pressure >= 1;
    }
}
