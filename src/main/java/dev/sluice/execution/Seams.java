package dev.sluice.execution;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the lanes of this worker that walk one database in stripes begin their batches together. The room that a stripe
 * has left is free for the next one only where no batch goes on that began before the stripe was committed, since such
 * a batch may still see the old rows. Lanes that take no notice of each other always have one in the way.
 *
 * <p>Measured with two lanes of 8 stripes on 2,000,000 rows: docs/performance.md.
 */
final class Seams {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    /** When the batches in flight began. */
    private final Map<Lane, Long> inFlight = new HashMap<>();

    /** One more lane. */
    Lane lane() {
        return new Lane();
    }

    /** A lane's batches, one at a time. */
    final class Lane {
        /** @param now as {@link dev.sluice.time.Time#nanos} */
        void begins(long now) {
            lock.lock();
            try {
                inFlight.put(this, now);
            } finally {
                lock.unlock();
            }
        }

        void ends() {
            lock.lock();
            try {
                inFlight.remove(this);
                ended.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /**
         * Waits for the end of the batches of other lanes that began before a moment.
         *
         * @param moment as {@link dev.sluice.time.Time#nanos}
         * @param most but no longer than this
         */
        void awaitOlder(long moment, Duration most) throws InterruptedException {
            lock.lockInterruptibly();
            try {
                long left = most.toNanos();
                while (left > 0 && isOlder(moment)) {
                    left = ended.awaitNanos(left);
                }
            } finally {
                lock.unlock();
            }
        }

        private boolean isOlder(long moment) {
            return inFlight.entrySet().stream()
                    .anyMatch(batch -> batch.getKey() != this && batch.getValue() - moment < 0);
        }
    }
}
