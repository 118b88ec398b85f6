package dev.sluice.bench;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Order statistics, and how sure one may be of a median. */
final class Statistics {
    private Statistics() {}

    /**
     * By nearest rank: the smallest value that at least this share of all does not exceed.
     *
     * @param sorted ascending, at least one
     * @param share above 0, up to 1; 0.95 for p95
     * @throws IllegalArgumentException for no values, or another share
     */
    static double percentile(double[] sorted, double share) {
        if (sorted.length == 0) {
            throw new IllegalArgumentException("no values");
        }
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("a share of " + share + " is not in (0, 1]");
        }
        return sorted[(int) Math.ceil(share * sorted.length) - 1];
    }

    /** The one in the middle, or the mean of the two there; NaN for no values. */
    static double median(double[] values) {
        if (values.length == 0) {
            return Double.NaN;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * What the median does not exceed, with a confidence of 95 percent from one side: the 95th percentile of the
     * medians of resamples (a percentile bootstrap).
     *
     * @param values in any order
     * @param resamples how many; each draws as many values as there are, with replacement
     * @param seed decides the draws, so that a report can be made again
     * @return NaN for no values
     */
    static double upperBoundOfMedian(double[] values, int resamples, long seed) {
        if (values.length == 0) {
            return Double.NaN;
        }
        var random = new SplittableRandom(seed);
        double[] medians = new double[resamples];
        double[] draw = new double[values.length];
        for (int i = 0; i < resamples; i++) {
            for (int k = 0; k < draw.length; k++) {
                draw[k] = values[random.nextInt(values.length)];
            }
            medians[i] = median(draw);
        }
        Arrays.sort(medians);
        return percentile(medians, 0.95);
    }
}
