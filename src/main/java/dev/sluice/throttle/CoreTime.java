package dev.sluice.throttle;

import java.time.Duration;
import java.util.Arrays;

/**
 * What a lane's batches are charged for against the budget of cores. PostgreSQL does not tell how much of a batch's
 * time a core worked for it, so all of it counts; but a batch that took far longer than those before it has waited for
 * the disk, for a lock or for a cold cache, and is charged as four usual ones. Otherwise a lane whose share is one
 * percent rests for a minute after half a second in which it only waited.
 */
final class CoreTime {
    /** So many of the last ones tell what is usual. */
    private static final int REMEMBERED = 9;
    /** That often the usual time is still believed: sizes double from one batch to the next, and rows differ. */
    private static final int AT_MOST = 4;

    private final long shortest;
    private final long[] last = new long[REMEMBERED];
    private int next;

    /** @param shortest batch there is: fewer than five that are known are taken for such */
    CoreTime(Duration shortest) {
        this.shortest = shortest.toNanos();
    }

    /**
     * A batch is over.
     *
     * @param nanos it took; 0 where it was not committed, which is not remembered
     * @return what it is charged for, in nanoseconds
     */
    long charged(long nanos) {
        if (nanos > 0) {
            last[next] = nanos;
            next = (next + 1) % REMEMBERED;
        }
        double usual =
                QuietTimes.median(Arrays.stream(last).asDoubleStream().boxed().toList());
        return Math.min(nanos, AT_MOST * Math.max(shortest, (long) usual));
    }
}
