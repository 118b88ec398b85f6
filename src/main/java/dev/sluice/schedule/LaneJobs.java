package dev.sluice.schedule;

import dev.sluice.run.LaneId;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.quartz.DateBuilder;
import org.quartz.JobBuilder;
import org.quartz.JobDataMap;
import org.quartz.JobKey;
import org.quartz.ObjectAlreadyExistsException;
import org.quartz.Scheduler;
import org.quartz.SchedulerException;
import org.quartz.Trigger;
import org.quartz.TriggerBuilder;
import org.quartz.impl.matchers.GroupMatcher;

/**
 * The Quartz jobs that carry the lanes of runs.
 *
 * <p>A lane's first job bears the run's id and the lane's number; no two executions of it overlap. A trigger is only
 * ever added, never replaced, because that would delete the record of what was firing. Where the job's worker died,
 * Quartz blocks its triggers until it notices; so a takeover does not wait for it but makes the lane's next job,
 * {@code <run>/<lane>.1}, {@code .2} and so on.
 */
final class LaneJobs {
    static final String GROUP = "run";
    private static final String RUN = "run";
    private static final String LANE = "lane";
    private static final int MOMENT_SECONDS = 2;

    private final Scheduler scheduler;
    private final Duration stuckAfter;

    LaneJobs(Scheduler scheduler, Duration stuckAfter) {
        this.scheduler = scheduler;
        this.stuckAfter = stuckAfter;
    }

    /**
     * Has the lane carried now, or as soon as whoever carries it now has left it; once, however often this is called.
     */
    void execute(LaneId lane) throws SchedulerException {
        JobKey key = new JobKey(lane.toString(), GROUP);
        for (Trigger trigger : scheduler.getTriggersOfJob(key)) {
            switch (scheduler.getTriggerState(trigger.getKey())) {
                case NORMAL, BLOCKED, PAUSED -> {
                    return;
                }
                case NONE, COMPLETE, ERROR -> {}
            }
        }
        add(key, lane, new Date(), true);
    }

    /**
     * Has a lane carried that nobody carries.
     *
     * @return false where a trigger for it is about to fire anyway
     */
    boolean takeOver(LaneId lane, Date now) throws SchedulerException {
        Date stuck = new Date(now.getTime() - stuckAfter.toMillis());
        for (JobKey key : jobs(lane)) {
            for (Trigger trigger : scheduler.getTriggersOfJob(key)) {
                if (scheduler.getTriggerState(trigger.getKey()) == Trigger.TriggerState.NORMAL
                        && trigger.getStartTime().after(stuck)) {
                    return false;
                }
            }
        }
        another(lane);
        return true;
    }

    /** Has a lane carried by whichever worker comes first, whatever becomes of the job that carried it so far. */
    void another(LaneId lane) throws SchedulerException {
        another(lane, new Date());
    }

    /** Has a lane carried by whichever worker comes first in a moment, because this one has no place for it now. */
    void soon(LaneId lane) throws SchedulerException {
        another(lane, DateBuilder.futureDate(MOMENT_SECONDS, DateBuilder.IntervalUnit.SECOND));
    }

    private void another(LaneId lane, Date start) throws SchedulerException {
        int next = 0;
        for (JobKey key : jobs(lane)) {
            String rest = key.getName().substring(lane.toString().length());
            next = Math.max(next, rest.isEmpty() ? 0 : Integer.parseInt(rest.substring(1)));
        }
        add(new JobKey(lane + "." + (next + 1), GROUP), lane, start, false);
    }

    private List<JobKey> jobs(LaneId lane) throws SchedulerException {
        return scheduler.getJobKeys(GroupMatcher.jobGroupEquals(GROUP)).stream()
                .filter(key ->
                        key.getName().equals(lane.toString()) || key.getName().startsWith(lane + "."))
                .toList();
    }

    private void add(JobKey key, LaneId lane, Date start, boolean toExisting) throws SchedulerException {
        var job = JobBuilder.newJob(LaneJob.class)
                .withIdentity(key)
                .requestRecovery()
                .usingJobData(RUN, lane.run().toString())
                .usingJobData(LANE, Integer.toString(lane.lane()))
                .build();
        var trigger = TriggerBuilder.newTrigger()
                .withIdentity(key.getName() + "@" + UUID.randomUUID(), GROUP)
                .startAt(start)
                .build();
        try {
            if (toExisting) {
                scheduler.scheduleJob(job, Set.of(trigger), true);
            } else {
                scheduler.scheduleJob(job, trigger);
            }
        } catch (ObjectAlreadyExistsException e) {
            // another worker came first
        }
    }

    /** The lane that a job carries. */
    static LaneId lane(JobDataMap data) {
        return new LaneId(UUID.fromString(data.getString(RUN)), Integer.parseInt(data.getString(LANE)));
    }
}
