package dev.sluice.schedule;

import dev.sluice.database.SqlFailure;
import dev.sluice.run.LaneId;
import dev.sluice.run.OrphanedLanes;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Date;
import java.util.concurrent.locks.Lock;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for lanes of runs that should be worked on and show no sign of life, and has each of them carried.
 *
 * <p>Concurrent execution is allowed on purpose: otherwise the death of the worker that is just looking would block the
 * next look until Quartz notices it. The lock keeps one worker from looking twice at once.
 */
final class ReconcileJob implements Job {
    private static final Logger LOG = LoggerFactory.getLogger(ReconcileJob.class);

    private final OrphanedLanes orphanedLanes;
    private final LaneJobs jobs;
    private final Duration takeover;
    private final Time time;
    private final Lock one;

    ReconcileJob(OrphanedLanes orphanedLanes, LaneJobs jobs, Duration takeover, Time time, Lock one) {
        this.orphanedLanes = orphanedLanes;
        this.jobs = jobs;
        this.takeover = takeover;
        this.time = time;
        this.one = one;
    }

    @Override
    public void execute(JobExecutionContext context) throws JobExecutionException {
        Date next = context.getNextFireTime();
        if (next != null && !next.after(Date.from(time.now()))) {
            return; // late, as after an outage; the trigger's next turn is due already
        }
        if (!one.tryLock()) {
            return;
        }
        try {
            for (LaneId lane : orphanedLanes.orphanedLanes(takeover)) {
                if (jobs.takeOver(lane, Date.from(time.now()))) {
                    LOG.info("Lane {} showed no sign of life for {}: a worker takes it.", lane, takeover);
                }
            }
        } catch (Exception e) {
            if (SqlFailure.in(e).isEmpty()) {
                LOG.error("Lanes without a sign of life could not be looked for.", e);
            } else {
                LOG.debug("Lanes without a sign of life could not be looked for.", e);
            }
            throw new JobExecutionException(e);
        } finally {
            one.unlock();
        }
    }
}
