package dev.sluice.schedule;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.quartz.JobPersistenceException;
import org.quartz.SchedulerConfigException;
import org.quartz.impl.jdbcjobstore.JobStoreTX;
import org.quartz.spi.ClassLoadHelper;
import org.quartz.spi.OperableTrigger;
import org.quartz.spi.SchedulerSignaler;
import org.slf4j.Logger;

/**
 * Quartz's clustered store, logging through {@link QuartzLog}, which leaves runs to the other workers while this one
 * carries as many as it may, and everything while its clock is wrong. Quartz makes it by its class name.
 */
public final class QuietJobStore extends JobStoreTX {
    private static final Map<String, Logger> LOGS = new ConcurrentHashMap<>();
    private static final Map<String, BooleanSupplier> FULL = new ConcurrentHashMap<>();
    private static final Map<String, BooleanSupplier> WITHDRAWN = new ConcurrentHashMap<>();
    /** Quartz's threads that look for what is due; each is the one thing that starts anything on its worker. */
    private static final Map<String, Thread> LOOKING = new ConcurrentHashMap<>();
    /** Runs that may stand in the way of what else is due, while this worker is full. */
    private static final int AHEAD = 20;

    /** The log for the store of this data source; before the store is made. */
    static void log(String dataSource, Logger log) {
        LOGS.put(dataSource, log);
    }

    /** Whether the worker with the store of this data source has no place for a run now; before the store is made. */
    static void full(String dataSource, BooleanSupplier full) {
        FULL.put(dataSource, full);
    }

    /**
     * Whether the worker with the store of this data source takes no part now, because its clock is wrong: Quartz would
     * take the others for dead by it, and fire what is not due. Before the store is made.
     */
    static void withdrawn(String dataSource, BooleanSupplier withdrawn) {
        WITHDRAWN.put(dataSource, withdrawn);
    }

    /** The thread that looks for what is due by the store of this data source; empty before it has begun. */
    static Optional<Thread> looking(String dataSource) {
        return Optional.ofNullable(LOOKING.get(dataSource));
    }

    private boolean isWithdrawn() {
        return WITHDRAWN.getOrDefault(getDataSource(), () -> false).getAsBoolean();
    }

    @Override
    protected boolean doCheckin() throws JobPersistenceException {
        return !isWithdrawn() && super.doCheckin();
    }

    @Override
    protected RecoverMisfiredJobsResult doRecoverMisfires() throws JobPersistenceException {
        return isWithdrawn() ? RecoverMisfiredJobsResult.NO_OP : super.doRecoverMisfires();
    }

    /**
     * An error would end Quartz's thread for good, and the worker would start nothing more: it is one of the store's.
     */
    @Override
    public List<OperableTrigger> acquireNextTriggers(long noLaterThan, int maxCount, long timeWindow)
            throws JobPersistenceException {
        LOOKING.put(getDataSource(), Thread.currentThread());
        try {
            return next(noLaterThan, maxCount, timeWindow);
        } catch (Error e) {
            throw new JobPersistenceException("What is due could not be looked for: " + e, e);
        }
    }

    private List<OperableTrigger> next(long noLaterThan, int maxCount, long timeWindow) throws JobPersistenceException {
        if (isWithdrawn()) {
            return List.of();
        }
        if (!FULL.getOrDefault(getDataSource(), () -> false).getAsBoolean()) {
            return super.acquireNextTriggers(noLaterThan, maxCount, timeWindow);
        }
        List<OperableTrigger> taken = new ArrayList<>();
        for (OperableTrigger trigger : super.acquireNextTriggers(noLaterThan, maxCount + AHEAD, timeWindow)) {
            boolean isRun = trigger.getKey().getGroup().equals(LaneJobs.GROUP);
            if (isRun || taken.size() == maxCount) {
                releaseAcquiredTrigger(trigger);
            } else {
                taken.add(trigger);
            }
        }
        return taken;
    }

    @Override
    protected Logger getLog() {
        @Nullable String source = getDataSource();
        Logger log = source == null ? null : LOGS.get(source);
        return log == null ? super.getLog() : log;
    }

    @Override
    public void initialize(ClassLoadHelper loader, SchedulerSignaler signaler) throws SchedulerConfigException {
        setLockHandler(new LockRows(getTablePrefix(), getInstanceName(), getLog()));
        super.initialize(loader, signaler);
    }

    /** The pool sets a connection back by itself, and without a stack trace where the connection is gone. */
    @Override
    protected Connection getAttributeRestoringConnection(Connection connection) {
        return connection;
    }

    @Override
    public void shutdown() {
        super.shutdown();
        LOGS.remove(getDataSource());
        FULL.remove(getDataSource());
        WITHDRAWN.remove(getDataSource());
        LOOKING.remove(getDataSource());
    }
}
