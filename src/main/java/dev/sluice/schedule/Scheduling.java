package dev.sluice.schedule;

import ch.qos.logback.classic.Level;
import dev.sluice.database.Database;
import dev.sluice.execution.LaneOffers;
import dev.sluice.job.Jobs;
import dev.sluice.metrics.SchedulerMeters;
import dev.sluice.problem.Problem;
import dev.sluice.run.Queue;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.quartz.Job;
import org.quartz.JobBuilder;
import org.quartz.JobDetail;
import org.quartz.JobKey;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.SimpleScheduleBuilder;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.impl.SchedulerRepository;
import org.quartz.impl.StdSchedulerFactory;
import org.quartz.utils.DBConnectionManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This worker's part in the cluster of schedulers: made, it can store triggers; started, it takes work; closed, it
 * gives its work back.
 */
public final class Scheduling implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Scheduling.class);
    private static final String NAME = "sluice";
    private static final String RECONCILE = "reconcile";
    private static final int LOOKS = 3;
    /** Threads besides those that carry runs, so that schedules and the reconciling job always find one. */
    private static final int SPARE = 3;

    private final Database control;
    private final ScheduleSettings settings;
    private final SchedulerMeters meters;
    private final Time time;
    private final Database store;
    /** As Quartz knows this worker, and its store. */
    private final String instance;

    private final Scheduler scheduler;
    private final LaneJobs runJobs;
    private final LaneSlots laneSlots;
    private final Lock reconciling = new ReentrantLock();
    private boolean closed;
    /** Set once this worker may begin to take work. */
    private boolean started;

    /**
     * Makes the scheduler. The database need not answer yet.
     *
     * @param control where Quartz' tables are, migrated
     */
    public Scheduling(Database control, ScheduleSettings settings, SchedulerMeters meters, Time time) {
        this.control = control;
        this.settings = settings;
        this.meters = meters;
        this.time = time;
        this.store = Database.openForSchedule(StoreConnections.settings(control.settings(), settings.takeover()));
        this.laneSlots = new LaneSlots(settings.runs());
        this.instance = instance(settings.worker());
        this.scheduler = scheduler(laneSlots);
        this.runJobs = new LaneJobs(scheduler, settings.takeover());
    }

    /** Starts runs of these jobs, on this or any other worker. */
    public Starts starts(Jobs jobs, Queue queue) {
        return new QuartzStarts(jobs, queue, runJobs, control, laneSlots::isWithdrawn);
    }

    /** Offers further lanes of runs to all workers. */
    public LaneOffers offers() {
        return lane -> {
            try {
                runJobs.execute(lane);
            } catch (SchedulerException e) {
                LOG.debug(
                        "Lane {} is not offered now; it is found by the look for lanes without a sign of life.",
                        lane,
                        e);
            }
        };
    }

    /** The cron triggers. */
    public Schedules schedules() {
        return new Schedules(scheduler, control, time);
    }

    /** Quartz's own pool, for binding its meters. */
    public Database store() {
        return store;
    }

    /**
     * Begins to take work, and looks at once for runs that nobody carries; both when it rejoins, where it is withdrawn.
     *
     * @throws Problem UNAVAILABLE when the control database does not answer; call again
     */
    public synchronized void start(ScheduleServices work) {
        try {
            scheduler.setJobFactory((fired, s) -> job(fired.getJobDetail(), work));
        } catch (SchedulerException e) {
            throw control.unavailable(e);
        }
        started = true;
        if (!laneSlots.isWithdrawn()) {
            takeWork();
        }
    }

    /**
     * What this worker no longer does: nothing is started here any more, where Quartz's thread has ended. For anybody
     * to read; empty where all is done, and once it is closed.
     */
    public Optional<String> lost() {
        return QuietJobStore.looking(instance).filter(t -> !t.isAlive()).isEmpty() || isClosed()
                ? Optional.empty()
                : Optional.of("the schedule's thread has ended; restart the worker.");
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Takes no work and leaves the triggers alone until {@link #rejoin}; runs that are carried here stop after the
     * batch in flight and are found by the other workers.
     */
    public synchronized void withdraw() {
        meters.up(false);
        laneSlots.withdraw();
        try {
            if (!closed) {
                scheduler.standby();
            }
        } catch (SchedulerException e) {
            LOG.warn("The schedule did not pause as it should: {}", e.getMessage());
        }
    }

    /**
     * Takes work again.
     *
     * @throws Problem UNAVAILABLE when the control database does not answer; call again
     */
    public synchronized void rejoin() {
        if (closed) {
            return;
        }
        laneSlots.rejoin();
        if (started) {
            takeWork();
        }
    }

    private void takeWork() {
        try {
            reconcile();
            scheduler.start();
            meters.up(true);
        } catch (SchedulerException e) {
            throw control.unavailable(e);
        }
    }

    private Job job(JobDetail detail, ScheduleServices work) throws SchedulerException {
        JobKey key = detail.getKey();
        return switch (key.getGroup()) {
            case LaneJobs.GROUP ->
                new LaneJob(LaneJobs.lane(detail.getJobDataMap()), work, laneSlots, runJobs, settings.takeover());
            case Schedules.GROUP ->
                new StartJob(key.getName(), work, settings.takeover().dividedBy(2), time);
            case RECONCILE -> new ReconcileJob(work.orphanedLanes(), runJobs, settings.takeover(), time, reconciling);
            default -> throw new SchedulerException("Quartz has a job that Sluice did not make: " + key);
        };
    }

    /**
     * The looks for runs that nobody carries: one now, and triggers for all workers that fire in turn. There are
     * several because Quartz reserves the next trigger ahead of its time, and one that a dying worker has reserved
     * stays so until Quartz notices the death. Each worker that starts makes them anew, and so frees such a one.
     */
    private void reconcile() throws SchedulerException {
        var job = JobBuilder.newJob(ReconcileJob.class)
                .withIdentity(RECONCILE, RECONCILE)
                .storeDurably()
                .build();
        long every = settings.takeover().toMillis() / 2;
        Set<Trigger> triggers = new HashSet<>();
        for (int i = 0; i < LOOKS; i++) {
            Instant first = time.now().plusMillis(every * (i + 1) / LOOKS);
            triggers.add(TriggerBuilder.newTrigger()
                    .withIdentity(RECONCILE + i, RECONCILE)
                    .startAt(Date.from(first))
                    .withSchedule(SimpleScheduleBuilder.simpleSchedule()
                            .withIntervalInMilliseconds(every)
                            .repeatForever()
                            .withMisfireHandlingInstructionNextWithRemainingCount())
                    .build());
        }
        scheduler.scheduleJob(job, triggers, true);
        scheduler.triggerJob(job.getKey());
    }

    /** The ids of what fires begin with it, and the store has 95 characters for them. */
    private static String instance(String worker) {
        return worker.substring(0, Math.min(60, worker.length())) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }

    private Scheduler scheduler(LaneSlots carrying) {
        var outage = new Outage(control.name(), time);
        var log = new QuartzLog(LoggerFactory.getLogger(QuietJobStore.class), outage);
        // what Quartz says there comes through the scheduler listener, told once
        if (LoggerFactory.getLogger("org.quartz.core.ErrorLogger") instanceof ch.qos.logback.classic.Logger errors) {
            errors.setLevel(Level.OFF);
        }
        ShutdownNoise.keepOut();
        QuietJobStore.log(instance, log);
        QuietJobStore.full(instance, carrying::isFull);
        QuietJobStore.withdrawn(instance, carrying::isWithdrawn);
        DBConnectionManager.getInstance().addConnectionProvider(instance, new StoreConnections(store, outage));
        try {
            Scheduler made = new StdSchedulerFactory(properties()).getScheduler();
            // the repository is by name; workers that share a JVM, as in tests, must not share the scheduler
            SchedulerRepository.getInstance().remove(NAME);
            made.getListenerManager().addJobListener(new SchedulerListening.OfJobs(meters));
            made.getListenerManager().addTriggerListener(new SchedulerListening.OfMisfires(meters));
            made.getListenerManager().addSchedulerListener(SchedulerListening.ofErrors(log));
            return made;
        } catch (SchedulerException e) {
            store.close();
            throw new IllegalStateException("Quartz does not take its settings: " + e.getMessage(), e);
        }
    }

    private Properties properties() {
        var p = new Properties();
        p.setProperty("org.quartz.scheduler.instanceName", NAME);
        p.setProperty("org.quartz.scheduler.instanceId", instance);
        p.setProperty("org.quartz.scheduler.idleWaitTime", "1000");
        p.setProperty("org.quartz.scheduler.makeSchedulerThreadDaemon", "true");
        p.setProperty("org.quartz.threadPool.class", "org.quartz.simpl.SimpleThreadPool");
        p.setProperty("org.quartz.threadPool.threadCount", Integer.toString(settings.runs() + SPARE));
        p.setProperty("org.quartz.threadPool.makeThreadsDaemons", "true");
        p.setProperty("org.quartz.jobStore.class", QuietJobStore.class.getName());
        p.setProperty("org.quartz.jobStore.driverDelegateClass", "org.quartz.impl.jdbcjobstore.PostgreSQLDelegate");
        p.setProperty("org.quartz.jobStore.dataSource", instance);
        p.setProperty("org.quartz.jobStore.tablePrefix", "sluice.qrtz_");
        p.setProperty("org.quartz.jobStore.useProperties", "true");
        p.setProperty("org.quartz.jobStore.isClustered", "true");
        p.setProperty(
                "org.quartz.jobStore.clusterCheckinInterval",
                Long.toString(settings.checkIn().toMillis()));
        p.setProperty("org.quartz.jobStore.acquireTriggersWithinLock", "true");
        p.setProperty("org.quartz.jobStore.dbRetryInterval", "2000");
        p.setProperty("org.quartz.jobStore.makeThreadsDaemons", "true");
        return p;
    }

    /**
     * Takes no new work, asks the runs carried here to stop after the batch in flight, waits for them at most the stop
     * timeout, hands them to the other workers and leaves.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        meters.up(false);
        boolean interrupted = false;
        try {
            scheduler.standby();
            boolean stopped = laneSlots.stop(settings.stopTimeout());
            if (!stopped) {
                LOG.warn(
                        "Not every run stopped within {}; other workers take them after {}.",
                        settings.stopTimeout(),
                        settings.takeover());
            }
            leave(stopped);
        } catch (SchedulerException e) {
            LOG.warn("The schedule did not stop as it should: {}", e.getMessage());
        } catch (InterruptedException e) {
            interrupted = true;
        }
        store.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Quartz's own end: it writes down that the jobs are over, for which it would wait without limit. */
    private void leave(boolean wait) throws InterruptedException {
        Thread leaving = Thread.ofPlatform().daemon().name("schedule-leaves").start(() -> {
            try {
                scheduler.shutdown(wait);
            } catch (SchedulerException e) {
                LOG.warn("The schedule did not stop as it should: {}", e.getMessage());
            }
        });
        leaving.join(Duration.ofSeconds(5));
    }
}
