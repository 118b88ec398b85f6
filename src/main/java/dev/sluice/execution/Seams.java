package dev.sluice.execution;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the lanes of a run in this worker that walk in stripes begin their batches together. The room that a stripe has
 * left is free for the next one only where no batch goes on that began before the stripe was committed, since such a
 * batch may still see the old rows. Lanes that take no notice of each other always have one in the way.
 *
 * <p>Two lanes of 8 stripes on 2,000,000 rows changed a share of 0.57 of them in place without this, and 0.68 with it
 * (one trial each).
 */
final class Seams {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    /** When the batches in flight began. */
    private final Map<Lane, Long> inFlight = new HashMap<>();

    /** One more lane of a run. */
    Lane lane(UUID run) {
        return new Lane(run);
    }

    /** A lane's batches, one at a time. */
    final class Lane {
        private final UUID run;

        private Lane(UUID run) {
            this.run = run;
        }

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
         * Waits for the end of the batches of the run's other lanes that began before a moment. Those of other runs
         * have lengths of their own, and are not worth a wait.
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
                    .anyMatch(batch ->
                            batch.getKey() != this && batch.getKey().run.equals(run) && batch.getValue() - moment < 0);
        }
    }
}
