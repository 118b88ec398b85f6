package dev.sluice.testing;

import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stepped time whose waits are the moments at which a test acts: a carrier waits after every paced batch and after
 * every error, and holds no lock while it does.
 */
public final class HookedTime implements Time {
    /** What a test does while a thread waits. */
    @FunctionalInterface
    public interface Hook {
        /** @param nth wait since the hook was set, counted from 1 */
        void waits(int nth) throws InterruptedException;
    }

    private final SteppedTime stepped = new SteppedTime();
    private Hook hook = nth -> {};
    private int waits;
    private @Nullable Thread waiting;

    @Override
    public Instant now() {
        return stepped.now();
    }

    @Override
    public long nanos() {
        return stepped.nanos();
    }

    @Override
    public void pause(Duration length) throws InterruptedException {
        stepped.pause(length);
        Hook now;
        int nth;
        synchronized (this) {
            waiting = Thread.currentThread();
            now = hook;
            nth = ++waits;
        }
        now.waits(nth);
    }

    /** Does this in the waiting thread, at every wait from now on. */
    public synchronized void atWaits(Hook next) {
        hook = next;
        waits = 0;
    }

    /** Does this at the n-th wait from now on, and nothing at the others. */
    public void atWait(int n, Hook once) {
        atWaits(nth -> {
            if (nth == n) {
                once.waits(nth);
            }
        });
    }

    /** The thread that waited last; null before any did. */
    public synchronized @Nullable Thread waiting() {
        return waiting;
    }

    /** Nothing is done at waits any more. */
    public void free() {
        atWaits(nth -> {});
    }

    /** Stops the waiting thread at the n-th wait from now on, until it is opened. */
    public Gate gateAt(int n) {
        Gate gate = new Gate();
        atWait(n, nth -> gate.pass());
        return gate;
    }

    /** Where a thread is stopped. */
    public static final class Gate {
        private static final long PATIENCE_SECONDS = 30;
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        private void pass() throws InterruptedException {
            reached.countDown();
            await(open, "opened");
        }

        /** Returns when the thread is there. */
        public void reached() throws InterruptedException {
            await(reached, "reached");
        }

        /** Lets it go on. */
        public void open() {
            open.countDown();
        }

        private static void await(CountDownLatch latch, String what) throws InterruptedException {
            if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("not " + what + " within " + PATIENCE_SECONDS + " s");
            }
        }
    }
}
