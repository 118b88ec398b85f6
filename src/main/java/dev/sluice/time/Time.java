package dev.sluice.time;

import java.time.Duration;
import java.time.Instant;

/** What time it is, how much of it has passed, and a wait that can be interrupted. */
public interface Time {

    /** The wall clock. For display only: nothing that decides about rows reads it. */
    Instant now();

    /** A monotonic reading in nanoseconds; only differences mean something. */
    long nanos();

    /**
     * Waits.
     *
     * @param length how long; zero or less returns at once
     * @throws InterruptedException when the thread is asked to stop, before or during the wait
     */
    void pause(Duration length) throws InterruptedException;

    /** The machine's own time. */
    static Time system() {
        return SystemTime.INSTANCE;
    }
}
