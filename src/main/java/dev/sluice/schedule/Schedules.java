package dev.sluice.schedule;

import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.job.Schedule;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.quartz.CronTrigger;
import org.quartz.JobBuilder;
import org.quartz.JobKey;
import org.quartz.JobPersistenceException;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
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
    private final Time time;
    private volatile Map<String, String> refused = Map.of();
    /** Schedules whose moments are all past, told once. */
    private final Map<String, Schedule> spent = new HashMap<>();

    Schedules(Scheduler scheduler, Database control, Time time) {
        this.scheduler = scheduler;
        this.control = control;
        this.time = time;
    }

    /** As {@link #apply(Collection, Predicate)}, where every job there is is known. */
    public void apply(Collection<Job> jobs) {
        apply(jobs, name -> false);
    }

    /**
     * Adds, changes and removes triggers so that they agree with these jobs. A trigger whose cron, zone and misfire
     * policy are as before keeps its next start. A schedule that cannot be stored keeps no other from it, see
     * {@link #refused}; one whose moments are all past has no trigger.
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
            spent.keySet().retainAll(wanted.keySet());
            Map<String, String> refusals = new TreeMap<>();
            for (var entry : wanted.entrySet()) {
                refusal(entry.getKey(), entry.getValue()).ifPresent(why -> refusals.put(entry.getKey(), why));
            }
            tell(refusals);
        } catch (SchedulerException e) {
            throw control.unavailable(e);
        }
    }

    /** The jobs whose schedules could not be stored the last time, each with the reason; anybody may read it. */
    public Map<String, String> refused() {
        return refused;
    }

    private void tell(Map<String, String> refusals) {
        refusals.forEach((job, why) -> {
            if (!why.equals(refused.get(job))) {
                LOG.warn(
                        "The schedule of job {} cannot be stored, and starts nothing: {}. The other schedules are in step."
                                + " Correct migrate.schedule in the job file.",
                        job,
                        why);
            }
        });
        refused = Map.copyOf(refusals);
    }

    /**
     * Stores the schedule of one job.
     *
     * @return why not, where it is the job's own fault: the others are stored all the same
     * @throws SchedulerException where the store is at fault
     */
    private Optional<String> refusal(String name, Schedule schedule) throws SchedulerException {
        try {
            schedule(name, schedule);
            return Optional.empty();
        } catch (JobPersistenceException e) {
            Optional<SqlFailure> ofTheJob = SqlFailure.in(e).filter(f -> f.kind() == ErrorKind.DATA);
            if (ofTheJob.isEmpty()) {
                throw e;
            }
            return ofTheJob.map(f -> "the database refuses its values (" + f.sqlState() + ")");
        } catch (SchedulerException | RuntimeException e) {
            return Optional.of(
                    String.valueOf(e.getMessage()).replaceAll("[.\\s]+$", "").replaceAll("\\s+", " "));
        }
    }

    private void schedule(String name, Schedule schedule) throws SchedulerException {
        TriggerKey key = new TriggerKey(name, GROUP);
        Trigger now = scheduler.getTrigger(key);
        CronTrigger wanted = CronTriggers.of(key, schedule);
        if (same(now, wanted)) {
            return;
        }
        Optional<Instant> next = CronTriggers.first(schedule, time.now());
        if (next.isEmpty()) {
            if (now != null) {
                scheduler.deleteJob(new JobKey(name, GROUP));
            }
            if (!schedule.equals(spent.put(name, schedule))) {
                LOG.info("Job {} has no further start: no moment that meets {} is to come.", name, schedule.cron());
            }
            return;
        }
        spent.remove(name);
        if (now == null) {
            var job =
                    JobBuilder.newJob(StartJob.class).withIdentity(name, GROUP).build();
            scheduler.scheduleJob(job, Set.of(wanted), true);
        } else {
            scheduler.rescheduleJob(key, wanted);
        }
        LOG.info("Job {} is scheduled: {} in zone {}, next at {}.", name, schedule.cron(), schedule.zone(), next.get());
    }

    private static boolean same(@Nullable Trigger now, CronTrigger wanted) {
        return now instanceof CronTrigger cron
                && cron.getCronExpression().equals(wanted.getCronExpression())
                && cron.getTimeZone().getID().equals(wanted.getTimeZone().getID())
                && cron.getMisfireInstruction() == wanted.getMisfireInstruction();
    }
}
