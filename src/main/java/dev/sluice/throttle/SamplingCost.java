package dev.sluice.throttle;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * What the reading of a database's signals costs it. Written by one thread, read by others.
 *
 * <p>Only how long a reading takes can be seen, and on a server that is short of cores most of that is waiting: to read
 * less often there would make the throttle blind just when load comes. So of the newest readings of a source the
 * quickest is taken for what it costs; the others have waited as well.
 */
final class SamplingCost {
    /** Share of time that the database may be busy with being read, the canary's commit apart: 5 ms a second. */
    static final double BUDGET = 0.005;

    private static final int NEWEST = 20;
    /**
     * A source counts from so many readings on: the first ones make plans and load classes, and few may all have
     * waited.
     */
    private static final int FIRST = 10;

    private final Map<Source, Deque<Long>> lengths = new HashMap<>();
    private final Deque<Long> ways = new ArrayDeque<>();
    private volatile double seconds;
    private volatile long interval;

    /** @param nanos that the way to the server and back took, at the begin of a round */
    void way(long nanos) {
        keep(ways, nanos);
    }

    /**
     * Counts a reading.
     *
     * @param nanos that it took, with the way
     */
    void add(Source source, long nanos) {
        seconds += Math.max(0, nanos - ways.getLast()) / 1e9;
        keep(lengths.computeIfAbsent(source, s -> new ArrayDeque<>()), nanos);
    }

    private static void keep(Deque<Long> newest, long nanos) {
        newest.addLast(nanos);
        if (newest.size() > NEWEST) {
            newest.removeFirst();
        }
    }

    /**
     * All that was due has been read.
     *
     * @param watched the sources that are read now and then
     */
    void endRound(Collection<? extends Source> watched) {
        lengths.keySet().retainAll(watched);
        double once = 0;
        double share = 0;
        for (Map.Entry<Source, Deque<Long>> read : lengths.entrySet()) {
            if (read.getValue().size() >= FIRST) {
                double cost = Math.max(0, least(read.getValue()) - least(ways)) / 1e9;
                once += cost;
                share += cost / (read.getKey().every().toNanos() / 1e9);
            }
        }
        interval = share > BUDGET ? (long) (once / BUDGET * 1e9) : 0;
    }

    private static long least(Deque<Long> newest) {
        return newest.stream().mapToLong(Long::longValue).min().orElse(0);
    }

    /** Nanoseconds between two readings of a source that keep the budget; 0 where each can be read as it wants. */
    long interval() {
        return interval;
    }

    /** Of all readings so far, as long as they took. */
    double seconds() {
        return seconds;
    }
}
