package dev.sluice.throttle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;

/** How long something took in quiet times: the median of the last ten minutes, and of ten measurements at the least. */
final class QuietTimes {
    static final Duration MEMORY = Duration.ofMinutes(10);
    /** Fewer tell nothing; and so many are kept however old they are, for a run may leave no quiet moment for long. */
    static final int LEAST = 10;

    private static final int MOST = 1200;

    private final Deque<Took> all = new ArrayDeque<>();

    private record Took(long nanos, double seconds) {}

    /**
     * One measurement.
     *
     * @param nanos when
     * @param seconds it took
     */
    void add(long nanos, double seconds) {
        all.addLast(new Took(nanos, seconds));
        while (all.size() > MOST || all.size() > LEAST && nanos - all.getFirst().nanos() > MEMORY.toNanos()) {
            all.removeFirst();
        }
    }

    /** In seconds; 0 while there are fewer than {@link #LEAST}. */
    double median() {
        return all.size() < LEAST ? 0 : median(all.stream().map(Took::seconds).toList());
    }

    /** The middle one, or the mean of the two in the middle; 0 of none. */
    static double median(Collection<Double> values) {
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return 0;
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
