package dev.sluice.bench;

import java.util.Arrays;

/**
 * What the application felt over a while, in milliseconds. A transaction that failed counts as slower than any other:
 * it is infinite.
 *
 * @param p50 half were no slower
 * @param p95 19 of 20 were no slower
 * @param p99 99 of 100 were no slower
 * @param transactions how many there were
 */
record Latencies(double p50, double p95, double p99, int transactions) {
    /**
     * Of these, in any order.
     *
     * @param millis at least one
     * @throws IllegalArgumentException for none
     */
    static Latencies of(double[] millis) {
        double[] sorted = millis.clone();
        Arrays.sort(sorted);
        return new Latencies(
                Statistics.percentile(sorted, 0.5),
                Statistics.percentile(sorted, 0.95),
                Statistics.percentile(sorted, 0.99),
                sorted.length);
    }
}
