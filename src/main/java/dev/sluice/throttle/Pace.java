package dev.sluice.throttle;

/**
 * The share of time a lane may work, and how it follows the pressure. A pure value: each sample gives the next.
 *
 * <p>Under {@link PaceSettings#calm} it grows, by {@code sqrt(aim / pressure)} a second, and slowly beyond the share at
 * which it last had to shrink; between calm and limit it keeps still, since much of the load is our own; from the limit
 * on it shrinks by {@code aim / pressure}, to half at most in one step; from {@link PaceSettings#hold} on, or by a hard
 * signal, it holds. It never grows while something else than the pace limits the work.
 *
 * @param share of time that is worked, {@link PaceSettings#floor} to 1, or less under a budget; what it goes on with
 *     while it is held
 * @param held whether nothing may be done
 * @param pressure smoothed, 1.0 at the limit; NaN before the first sample
 * @param ceiling the share at which the pressure was last too high
 * @param goodSeconds for how long the pressure has been under the limit in a hold
 * @param sinceCut seconds since the share shrank
 */
public record Pace(double share, boolean held, double pressure, double ceiling, double goodSeconds, double sinceCut) {
    /** A smoothed pressure so near the limit is at it, where the newest reading is. */
    static final double NEAR = 0.1;
    /** A step never counts for longer, in seconds: after a pause of the process the pace must not jump. */
    private static final double LONGEST_STEP = 2;

    private static final double LONG_AGO = 1e6;

    /** Where a lane begins. */
    public static Pace start(PaceSettings paceSettings) {
        return new Pace(Math.max(paceSettings.floor(), paceSettings.start()), false, Double.NaN, 1, 0, LONG_AGO);
    }

    /** At full speed, for a job that watches no signal. */
    public static Pace full() {
        return new Pace(1, false, Double.NaN, 1, 0, LONG_AGO);
    }

    /**
     * After a sample.
     *
     * @param sample pressure, 0 or more, of the signal that presses most
     * @param hard whether a signal asks for a hold whatever the numbers are
     * @param seconds since the step before
     * @param idle whether the lane has worked clearly less than it might have: a rate limited it, or there was nothing
     *     to do
     * @param most share that something else, a budget, allows, above 0 to 1: from there it shrinks, since shrinking
     *     what is not worked anyway would change nothing, and the floor is a part of it
     */
    public Pace after(
            double sample, boolean hard, double seconds, boolean idle, double most, PaceSettings paceSettings) {
        double dt = Math.max(0, Math.min(LONGEST_STEP, seconds));
        double smooth = Double.isNaN(pressure) ? sample : pressure + paceSettings.weight() * (sample - pressure);
        // a count that stands at its limit would else come as near as one likes to it, and never reach it
        smooth = sample >= paceSettings.limit() && smooth >= paceSettings.limit() - NEAR
                ? Math.max(smooth, paceSettings.limit())
                : smooth;
        Pace now = new Pace(share, held, smooth, ceiling, goodSeconds, sinceCut + dt);
        if (held) {
            return now.whileHeld(hard, dt, paceSettings);
        }
        if (hard || smooth >= paceSettings.hold()) {
            double high = Math.max(paceSettings.floor(), Math.min(share, ceiling) / 2);
            return new Pace(paceSettings.floor(), true, smooth, high, 0, 0);
        }
        if (smooth >= paceSettings.limit()) {
            return now.shrunk(most, paceSettings);
        }
        return smooth < paceSettings.calm() && !idle && now.isSettled(paceSettings) ? now.grown(dt, paceSettings) : now;
    }

    private boolean isSettled(PaceSettings paceSettings) {
        return sinceCut >= paceSettings.settle().toNanos() / 1e9;
    }

    private Pace whileHeld(boolean hard, double dt, PaceSettings paceSettings) {
        if (hard || pressure >= paceSettings.limit()) {
            return new Pace(share, true, pressure, ceiling, 0, sinceCut);
        }
        double good = goodSeconds + dt;
        return good < paceSettings.goodFor().toNanos() / 1e9
                ? new Pace(share, true, pressure, ceiling, good, sinceCut)
                : new Pace(
                        Math.max(paceSettings.floor(), Math.min(ceiling, paceSettings.start())),
                        false,
                        pressure,
                        ceiling,
                        0,
                        paceSettings.settle().toNanos() / 1e9); // it was good for long enough to be let go
    }

    private Pace shrunk(double most, PaceSettings paceSettings) {
        if (!isSettled(paceSettings) && pressure < paceSettings.urgent()) {
            return this;
        }
        double less = Math.max(
                paceSettings.floor() * most,
                Math.min(share, most) * Math.max(paceSettings.shrink(), paceSettings.aim() / pressure));
        return new Pace(less, false, pressure, less, 0, 0);
    }

    private Pace grown(double dt, PaceSettings paceSettings) {
        double factor =
                Math.pow(Math.min(paceSettings.growth(), Math.sqrt(paceSettings.aim() / Math.max(pressure, 1e-9))), dt);
        double more = share * factor;
        if (more <= ceiling) {
            return new Pace(Math.min(1, more), false, pressure, ceiling, 0, sinceCut);
        }
        // far below the limit the load that made the ceiling is gone; otherwise it is felt for
        double most = pressure < paceSettings.calm() / 2
                ? Math.max(ceiling, share) * factor
                : share < ceiling ? ceiling : share * Math.pow(paceSettings.probe(), dt);
        double next = Math.min(1, Math.min(more, most));
        return new Pace(next, false, pressure, Math.max(ceiling, next), 0, sinceCut);
    }
}
