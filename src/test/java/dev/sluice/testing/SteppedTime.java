package dev.sluice.testing;

import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Time that moves only when someone waits or {@link #step steps} it. */
public final class SteppedTime implements Time {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private final AtomicLong nanos = new AtomicLong();
    private final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());

    @Override
    public Instant now() {
        return START.plusNanos(nanos.get());
    }

    @Override
    public long nanos() {
        return nanos.get();
    }

    @Override
    public void pause(Duration length) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("asked to stop");
        }
        if (length.isPositive()) {
            pauses.add(length);
            step(length);
        }
    }

    /** Moves time on. */
    public void step(Duration length) {
        nanos.addAndGet(length.toNanos());
    }

    /** The waits that were asked for, in order. */
    public List<Duration> pauses() {
        return List.copyOf(pauses);
    }
}
