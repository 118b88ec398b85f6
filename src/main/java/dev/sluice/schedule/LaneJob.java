package dev.sluice.schedule;

import dev.sluice.run.LaneId;
import dev.sluice.run.OrphanedLanes;
import java.time.Duration;
import org.quartz.DisallowConcurrentExecution;
import org.quartz.InterruptableJob;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.SchedulerException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries one lane of a run. */
@DisallowConcurrentExecution
final class LaneJob implements InterruptableJob {
    private static final Logger LOG = LoggerFactory.getLogger(LaneJob.class);

    private final LaneId lane;
    private final ScheduleServices work;
    private final LaneSlots laneSlots;
    private final LaneJobs jobs;
    private final Duration takeover;

    LaneJob(LaneId lane, ScheduleServices work, LaneSlots laneSlots, LaneJobs jobs, Duration takeover) {
        this.lane = lane;
        this.work = work;
        this.laneSlots = laneSlots;
        this.jobs = jobs;
        this.takeover = takeover;
    }

    @Override
    public void execute(JobExecutionContext context) throws JobExecutionException {
        try {
            if (context.isRecovering() && !isLifeless(work.orphanedLanes())) {
                return; // somebody took it before Quartz noticed that its worker died, or is about to
            }
            if (work.orphanedLanes().isOwned(lane, takeover)) {
                return; // such as after a resume of a run that goes on already
            }
            if (!laneSlots.execute(lane, work.owner(), this::giveBack)) {
                jobs.soon(lane);
            }
        } catch (RuntimeException | SchedulerException e) {
            LOG.error("Lane {} was left; it is taken up again after {}.", lane, takeover, e);
            throw new JobExecutionException(e);
        }
    }

    private void giveBack(LaneId stopped) {
        try {
            jobs.another(stopped);
            LOG.info("Lane {} is handed to the next worker.", stopped);
        } catch (SchedulerException e) {
            LOG.warn("Lane {} is not handed over, it is taken up after {}: {}", stopped, takeover, e.getMessage());
        }
    }

    private boolean isLifeless(OrphanedLanes orphanedLanes) {
        return orphanedLanes.orphanedLanes(takeover).contains(lane);
    }

    @Override
    public void interrupt() {
        laneSlots.interrupt(lane);
    }
}
