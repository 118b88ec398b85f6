package dev.sluice.throttle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Where the WAL was when. It tells since when a replica has not replayed what it has not replayed, by this worker's own
 * clock: what the replica says of its lag stands still while its replay does.
 */
final class WalHistory {
    /** No age is told beyond this. */
    static final Duration MEMORY = Duration.ofHours(1);

    private static final int MOST = 4000;

    private final Deque<Sample> samples = new ArrayDeque<>();

    /** @param position bytes of WAL ever written, as of the moment */
    private record Sample(long nanos, long position) {}

    /** The WAL is there now. A position below the last one is of another server, and everything before is forgotten. */
    void add(long nanos, long position) {
        if (!samples.isEmpty() && position < samples.getLast().position()) {
            samples.clear();
        }
        if (samples.isEmpty() || position > samples.getLast().position()) {
            samples.addLast(new Sample(nanos, position));
        }
        while (samples.size() > MOST || nanos - samples.getFirst().nanos() > MEMORY.toNanos() && samples.size() > 1) {
            samples.removeFirst();
        }
    }

    /** Seconds since the oldest WAL after this position was seen; 0 where none was. */
    double secondsSince(long position, long nanos) {
        for (Sample sample : samples) {
            if (sample.position() > position) {
                return (nanos - sample.nanos()) / 1e9;
            }
        }
        return 0;
    }
}
