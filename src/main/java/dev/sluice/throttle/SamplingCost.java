package dev.sluice.throttle;

/** What the reading of a database's signals costs it, smoothed. Written by one thread, read by others. */
final class SamplingCost {
    /** Share of time that the database may be busy with being read, the canary's commit apart: 5 ms a second. */
    static final double BUDGET = 0.005;

    private static final double WEIGHT = 0.2;
    private volatile double seconds;
    private volatile long interval;
    private double perRound;
    private double round;

    /**
     * Counts a reading.
     *
     * @param nanos that the database was busy with it; less than none counts as none
     */
    void add(long nanos) {
        double more = Math.max(0, nanos / 1e9);
        seconds += more;
        round += more;
    }

    /** All that was due has been read. */
    void endRound() {
        perRound += WEIGHT * (round - perRound);
        round = 0;
        interval = (long) (perRound / BUDGET * 1e9);
    }

    /** Nanoseconds between two rounds that keep the budget. */
    long interval() {
        return interval;
    }

    /** Of all readings so far. */
    double seconds() {
        return seconds;
    }
}
