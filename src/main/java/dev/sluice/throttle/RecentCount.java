package dev.sluice.throttle;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** How far one of the server's counters has moved lately. Where it is reset, it goes on from nothing. */
final class RecentCount {
    private final Duration span;
    private final Deque<Seen> history = new ArrayDeque<>();
    private long last;

    /** @param total what it moved since the first reading, resets apart */
    private record Seen(long nanos, long total) {}

    /** @param span how far back */
    RecentCount(Duration span) {
        this.span = span;
    }

    /**
     * Takes a reading.
     *
     * @param nanos when
     * @param counter what the server says
     * @return by how much it moved within the span, or since the first reading where that is later
     */
    long read(long nanos, long counter) {
        long total = history.isEmpty() ? 0 : history.getLast().total() + moved(counter);
        last = counter;
        history.addLast(new Seen(nanos, total));
        // the newest of those at or before the beginning of the span is what the others are counted from
        while (history.size() > 1 && nanos - second().nanos() >= span.toNanos()) {
            history.removeFirst();
        }
        return total - history.getFirst().total();
    }

    private long moved(long counter) {
        return counter >= last ? counter - last : Math.max(0, counter);
    }

    private Seen second() {
        var seen = history.iterator();
        seen.next();
        return seen.next();
    }
}
