package dev.sluice.schedule;

import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import dev.sluice.time.DurationText;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import org.quartz.CronTrigger;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.ObjectAlreadyExistsException;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts a run when its schedule fires. A refusal is written to the event log and is no error of the scheduler's. A
 * start that a database could not take, for an outage or because every connection was in use, is missed like one that
 * comes while no worker runs: unless the schedule leaves those out, it is tried again until it is taken.
 */
final class StartJob implements Job {
    private static final Logger LOG = LoggerFactory.getLogger(StartJob.class);
    /** Group of the triggers that try again; one for each job. */
    static final String AGAIN = "start-again";

    private final String name;
    private final ScheduleServices work;
    private final Duration patience;
    private final Time time;

    /** @param patience how long to wait before it is tried again */
    StartJob(String name, ScheduleServices work, Duration patience, Time time) {
        this.name = name;
        this.work = work;
        this.patience = patience;
        this.time = time;
    }

    @Override
    public void execute(JobExecutionContext context) throws JobExecutionException {
        try {
            var started = work.starts().start(name, Actor.SCHEDULE, "schedule", Optional.empty());
            LOG.info(
                    "The schedule of job {} queued run {}.", name, started.run().id());
        } catch (Problem refused) {
            if (refused.kind() == Problem.Kind.UNAVAILABLE) {
                missed(context, refused);
                throw new JobExecutionException(refused);
            }
            LOG.info("The schedule of job {} started nothing: {}", name, refused.getMessage());
            if (isAgain(context) && refused.code().equals("live-run-exists")) {
                return; // the first attempt's, whose answer was lost, or a later one's
            }
            work.events()
                    .append(
                            Actor.SCHEDULE,
                            "schedule.refused",
                            name,
                            null,
                            Map.of("code", refused.code(), "reason", refused.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("The schedule of job {} started nothing.", name, e);
            throw new JobExecutionException(e);
        }
    }

    private static boolean isAgain(JobExecutionContext context) {
        return context.getTrigger().getKey().getGroup().equals(AGAIN);
    }

    private static boolean isLeftOut(Trigger trigger) {
        return trigger instanceof CronTrigger cron
                && cron.getMisfireInstruction() == CronTrigger.MISFIRE_INSTRUCTION_DO_NOTHING;
    }

    private void missed(JobExecutionContext context, Problem why) {
        if (isLeftOut(context.getTrigger())) {
            LOG.warn("The schedule of job {} started nothing, and skips what it missed: {}", name, why.getMessage());
            return;
        }
        TriggerKey key = new TriggerKey(name, AGAIN);
        Trigger again = TriggerBuilder.newTrigger()
                .withIdentity(key)
                .forJob(context.getJobDetail())
                .startAt(Date.from(time.now().plus(patience)))
                .build();
        try {
            if (isAgain(context)) {
                context.getScheduler().rescheduleJob(key, again);
                return; // told at the first attempt
            }
            context.getScheduler().scheduleJob(again);
            LOG.warn(
                    "The schedule of job {} started nothing, and tries again every {}: {}",
                    name,
                    DurationText.format(patience),
                    why.getMessage());
        } catch (ObjectAlreadyExistsException e) {
            LOG.debug("The schedule of job {} tries to start it again already.", name);
        } catch (SchedulerException e) {
            LOG.error(
                    "The schedule of job {} started nothing, and cannot try again: {}. Start it by hand.",
                    name,
                    why.getMessage());
        }
    }
}
