package dev.sluice.schedule;

import dev.sluice.run.LaneId;
import dev.sluice.run.Lifeless;
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
final class CarryJob implements InterruptableJob {
    private static final Logger LOG = LoggerFactory.getLogger(CarryJob.class);

    private final LaneId lane;
    private final Work work;
    private final Carriers carriers;
    private final RunJobs jobs;
    private final Duration takeover;

    CarryJob(LaneId lane, Work work, Carriers carriers, RunJobs jobs, Duration takeover) {
        this.lane = lane;
        this.work = work;
        this.carriers = carriers;
        this.jobs = jobs;
        this.takeover = takeover;
    }

    @Override
    public void execute(JobExecutionContext context) throws JobExecutionException {
        try {
            if (context.isRecovering() && !isLifeless(work.lifeless())) {
                return; // somebody took it before Quartz noticed that its worker died, or is about to
            }
            if (work.lifeless().isCarried(lane, takeover)) {
                return; // such as after a resume of a run that goes on already
            }
            if (!carriers.carry(lane, work.carrier(), this::giveBack)) {
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

    private boolean isLifeless(Lifeless lifeless) {
        return lifeless.lifeless(takeover).contains(lane);
    }

    @Override
    public void interrupt() {
        carriers.interrupt(lane);
    }
}
