package dev.sluice.throttle;

/**
 * What a batch costs however few rows it has: claim, checkpoint and, near the server, the way there and back. Measured
 * on the batches themselves: a line through keys and seconds, of which the last ones count most, meets zero keys there.
 *
 * <p>Only batches of different sizes tell; while all have one size, what they told last is kept. The way to a server
 * that is far takes no core of it, so no more than {@value #NEAR} seconds of it count.
 */
final class FixedCost {
    /** Weight of what was known before a batch: some 30 of them count. */
    private static final double KEEP = 0.97;
    /** Fewer batches say nothing. */
    private static final double ENOUGH = 8;
    /** Sizes whose standard deviation is a smaller part of their mean are one size. */
    private static final double SPREAD = 0.2;
    /** Of the way there and back, in seconds. */
    private static final double NEAR = 0.001;

    private double n;
    private double keys;
    private double seconds;
    private double squares;
    private double products;
    private double around;
    private double least = Double.POSITIVE_INFINITY;
    private volatile double known;

    /**
     * A batch was committed.
     *
     * @param walked keys
     * @param server seconds that the server was at it
     * @param way seconds besides, there and back
     */
    void measured(long walked, double server, double way) {
        if (walked <= 0 || server <= 0) {
            return;
        }
        n = n * KEEP + 1;
        keys = keys * KEEP + walked;
        seconds = seconds * KEEP + server;
        squares = squares * KEEP + (double) walked * walked;
        products = products * KEEP + walked * server;
        around = around * KEEP + Math.min(Math.max(0, way), NEAR);
        least = Math.min(least, server);
        double mean = keys / n;
        double variance = squares / n - mean * mean;
        if (n >= ENOUGH && variance > SPREAD * SPREAD * mean * mean) {
            double slope = (products / n - mean * seconds / n) / variance;
            double atNone = seconds / n - slope * mean;
            known = Math.clamp(atNone, 0, least) + around / n;
        }
    }

    /** Seconds; 0 before it is known. */
    double seconds() {
        return known;
    }
}
