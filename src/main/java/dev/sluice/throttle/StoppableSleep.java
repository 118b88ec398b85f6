package dev.sluice.throttle;

import dev.sluice.time.Time;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The rests of a thread between its readings. Their end comes at once, and never in the middle of a reading: a thread
 * that is interrupted inside the driver loses its connection to the database, and the signal would seem to have failed.
 */
final class StoppableSleep {
    private @Nullable Thread resting;
    private boolean over;

    /**
     * Rests; called by the one thread whose rests these are.
     *
     * @return whether to go on after it
     */
    boolean rest(Time time, Duration length) {
        if (!begin()) {
            return false;
        }
        try {
            time.pause(length);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            awake();
        }
        return goesOn();
    }

    private synchronized boolean begin() {
        if (!over) {
            resting = Thread.currentThread();
        }
        return !over;
    }

    private synchronized void awake() {
        resting = null;
    }

    private synchronized boolean goesOn() {
        return !over;
    }

    /** No more readings, but for one that has begun. */
    synchronized void end() {
        over = true;
        if (resting != null) {
            resting.interrupt();
        }
    }
}
