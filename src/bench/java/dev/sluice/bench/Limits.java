package dev.sluice.bench;

import static dev.sluice.bench.Bound.number;

/**
 * Between what a figure must lie.
 *
 * @param least the least it may be
 * @param most the most it may be; infinite where there is no such limit
 */
record Limits(double least, double most) {
    /** No more than that. */
    static Limits atMost(double most) {
        return new Limits(0, most);
    }

    /** No less than that. */
    static Limits atLeast(double least) {
        return new Limits(least, Double.POSITIVE_INFINITY);
    }

    /** {@code >= 1.30}, {@code <= 0.65} or {@code 0.90 to 1.10}. */
    String text() {
        if (most == Double.POSITIVE_INFINITY) {
            return ">= " + number(least);
        }
        return least == 0 ? "<= " + number(most) : number(least) + " to " + number(most);
    }

    /** PASS or short; a figure that was not measured is neither. */
    String verdict(double is) {
        if (Double.isNaN(is)) {
            return "not measured";
        }
        return is >= least && is <= most ? "PASS" : "**SHORT**";
    }
}
