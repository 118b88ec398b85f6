package dev.sluice.schedule;

import dev.sluice.database.Database;
import dev.sluice.job.Job;
import dev.sluice.job.Schedule;
import dev.sluice.problem.Problem;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TimeZone;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.quartz.CronScheduleBuilder;
import org.quartz.CronTrigger;
import org.quartz.JobBuilder;
import org.quartz.JobKey;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.quartz.impl.matchers.GroupMatcher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cron triggers, kept as the job files say. Live runs are never touched. */
public final class Schedules {
    private static final Logger LOG = LoggerFactory.getLogger(Schedules.class);
    static final String GROUP = "schedule";

    private final Scheduler scheduler;
    private final Database control;

    Schedules(Scheduler scheduler, Database control) {
        this.scheduler = scheduler;
        this.control = control;
    }

    /** As {@link #apply(Collection, Predicate)}, where every job there is is known. */
    public void apply(Collection<Job> jobs) {
        apply(jobs, name -> false);
    }

    /**
     * Adds, changes and removes triggers so that they agree with these jobs. A trigger whose cron, zone and misfire
     * policy are as before keeps its next start.
     *
     * @param jobs all jobs that any live worker holds, those without a schedule too
     * @param stays whether the trigger of a job that is not among them stays as it is all the same
     * @throws Problem UNAVAILABLE when the control database does not store it; part of it may be done, call again
     */
    public synchronized void apply(Collection<Job> jobs, Predicate<String> stays) {
        Map<String, Schedule> wanted = new HashMap<>();
        Set<String> known = new HashSet<>();
        jobs.forEach(j -> {
            known.add(j.name());
            j.migrate().schedule().ifPresent(s -> wanted.put(j.name(), s));
        });
        try {
            Set<JobKey> gone = new HashSet<>(scheduler.getJobKeys(GroupMatcher.jobGroupEquals(GROUP)));
            gone.removeIf(key ->
                    wanted.containsKey(key.getName()) || (!known.contains(key.getName()) && stays.test(key.getName())));
            for (JobKey key : gone) {
                scheduler.deleteJob(key);
                LOG.info("Job {} is no longer scheduled.", key.getName());
            }
            for (var entry : wanted.entrySet()) {
                schedule(entry.getKey(), entry.getValue());
            }
        } catch (SchedulerException e) {
            throw control.unavailable(e);
        }
    }

    private void schedule(String name, Schedule schedule) throws SchedulerException {
        TriggerKey key = new TriggerKey(name, GROUP);
        Trigger now = scheduler.getTrigger(key);
        CronTrigger wanted = trigger(key, schedule);
        if (same(now, wanted)) {
            return;
        }
        if (now == null) {
            var job =
                    JobBuilder.newJob(StartJob.class).withIdentity(name, GROUP).build();
            scheduler.scheduleJob(job, Set.of(wanted), true);
        } else {
            scheduler.rescheduleJob(key, wanted);
        }
        LOG.info(
                "Job {} is scheduled: {} in zone {}, next at {}.",
                name,
                schedule.cron(),
                schedule.zone(),
                wanted.getNextFireTime().toInstant());
    }

    private static CronTrigger trigger(TriggerKey key, Schedule schedule) {
        var cron = CronScheduleBuilder.cronSchedule(schedule.cron()).inTimeZone(TimeZone.getTimeZone(schedule.zone()));
        return TriggerBuilder.newTrigger()
                .withIdentity(key)
                .forJob(new JobKey(key.getName(), GROUP))
                .withSchedule(
                        switch (schedule.misfire()) {
                            case ONCE -> cron.withMisfireHandlingInstructionFireAndProceed();
                            case SKIP -> cron.withMisfireHandlingInstructionDoNothing();
                        })
                .build();
    }

    private static boolean same(@Nullable Trigger now, CronTrigger wanted) {
        return now instanceof CronTrigger cron
                && cron.getCronExpression().equals(wanted.getCronExpression())
                && cron.getTimeZone().getID().equals(wanted.getTimeZone().getID())
                && cron.getMisfireInstruction() == wanted.getMisfireInstruction();
    }
}
