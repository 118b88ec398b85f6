package dev.sluice.schedule;

import java.sql.Connection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.quartz.impl.jdbcjobstore.LockException;
import org.quartz.impl.jdbcjobstore.StdRowLockSemaphore;
import org.slf4j.Logger;

/**
 * Quartz's lock rows, for each of which at most one session of this worker waits at a time; the other threads wait
 * here.
 *
 * <p>A worker that is frozen while several of its sessions wait for a row gets it for each of them in turn, and each
 * keeps it until the server ends that session for doing nothing. No worker takes a run over meanwhile: with four
 * sessions that was four times {@code idle_in_transaction_session_timeout}.
 */
final class LockRows extends StdRowLockSemaphore {
    private final Logger log;
    private final Map<String, ReentrantLock> here = new ConcurrentHashMap<>();

    LockRows(String tablePrefix, String scheduler, Logger log) {
        super(tablePrefix, scheduler, null);
        this.log = log;
    }

    @Override
    public boolean obtainLock(Connection connection, String name) throws LockException {
        ReentrantLock lock = here.computeIfAbsent(name, any -> new ReentrantLock(true));
        if (lock.isHeldByCurrentThread()) {
            return super.obtainLock(connection, name);
        }
        boolean obtained = false;
        lock.lock(); // whoever has it waits no longer than its session may
        try {
            obtained = super.obtainLock(connection, name);
            return obtained;
        } finally {
            if (!obtained) {
                lock.unlock();
            }
        }
    }

    @Override
    public void releaseLock(String name) {
        try {
            super.releaseLock(name);
        } finally {
            ReentrantLock lock = here.get(name);
            if (lock != null && lock.isHeldByCurrentThread()) {
                lock.unlock();
            }
        }
    }

    @Override
    protected Logger getLog() {
        return log;
    }
}
