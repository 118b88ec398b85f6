package dev.sluice.schedule;

import dev.sluice.execution.LaneRunner;
import dev.sluice.run.LaneId;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lanes this worker carries now: so many at once, none of them twice, and how they are asked to stop. One place is
 * left to lanes that conduct a run, so that a run of many lanes does not keep the next one from beginning.
 */
final class LaneSlots {
    private static final Logger LOG = LoggerFactory.getLogger(LaneSlots.class);

    static final int MOST_WAITING = 1000;

    private final int most;
    private final Semaphore free;
    private final Map<LaneId, Thread> carrying = new HashMap<>();
    /**
     * Those that found no place here, so that each is told once. Most are carried elsewhere in the end, and nobody
     * tells this worker: the oldest are forgotten.
     */
    private final Set<LaneId> waiting = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<LaneId, Boolean> eldest) {
            return size() > MOST_WAITING;
        }
    }));

    private boolean stopping;
    private boolean withdrawn;

    LaneSlots(int most) {
        this.most = most;
        this.free = new Semaphore(most);
    }

    /**
     * Carries a lane on the calling thread. Does nothing where this worker carries it already.
     *
     * @param giveBack called with the lane when the worker stops before it ends
     * @return false where no place was free, and nothing was done
     */
    boolean execute(LaneId lane, LaneRunner owner, GiveBack giveBack) {
        if (!place(lane)) {
            if (waiting.add(lane)) {
                LOG.info(
                        "Lane {} has to wait or go elsewhere: this worker carries {} of {} already.",
                        lane,
                        most - free.availablePermits(),
                        most);
            }
            return false;
        }
        waiting.remove(lane);
        try {
            if (begins(lane)) {
                try {
                    owner.execute(lane);
                } finally {
                    ends(lane);
                }
            }
        } catch (InterruptedException e) {
            // from a wrong clock a trigger would get a wrong time; the look for lanes without a sign of life finds it
            if (!isWithdrawn()) {
                giveBack.giveBack(lane);
            }
        } finally {
            free.release();
        }
        return true;
    }

    /** The last place is for lanes that conduct. */
    private boolean place(LaneId lane) {
        if (lane.conducts() || most == 1) {
            return free.tryAcquire();
        }
        if (!free.tryAcquire(2)) {
            return false;
        }
        free.release();
        return true;
    }

    /** How many are remembered that found no place here. */
    int waiting() {
        return waiting.size();
    }

    /** Whether another lane would find no place, of whatever sort. */
    boolean isFull() {
        return free.availablePermits() == 0;
    }

    private synchronized boolean begins(LaneId lane) throws InterruptedException {
        if (stopping || withdrawn) {
            throw new InterruptedException("this worker takes no lanes now");
        }
        return carrying.putIfAbsent(lane, Thread.currentThread()) == null;
    }

    private synchronized void ends(LaneId lane) {
        carrying.remove(lane);
        Thread.interrupted(); // whoever asked this lane to stop did not mean what the thread does next
    }

    /** Asks one lane to stop, if it is carried here. */
    synchronized void interrupt(LaneId lane) {
        Thread thread = carrying.get(lane);
        if (thread != null) {
            thread.interrupt();
        }
    }

    /** Asks all to stop, and takes no more until {@link #rejoin}. */
    synchronized void withdraw() {
        withdrawn = true;
        carrying.values().forEach(Thread::interrupt);
    }

    synchronized void rejoin() {
        withdrawn = false;
    }

    synchronized boolean isWithdrawn() {
        return withdrawn;
    }

    /**
     * Asks all to stop, and takes no more.
     *
     * @return whether all had stopped in time
     */
    boolean stop(Duration timeout) throws InterruptedException {
        synchronized (this) {
            stopping = true;
            carrying.values().forEach(Thread::interrupt);
        }
        return free.tryAcquire(most, timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Has another worker go on with a lane. */
    interface GiveBack {
        void giveBack(LaneId lane);
    }
}
