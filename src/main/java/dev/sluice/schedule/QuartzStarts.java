package dev.sluice.schedule;

import dev.sluice.database.Database;
import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import dev.sluice.job.Jobs;
import dev.sluice.run.LaneId;
import dev.sluice.run.Queue;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jooq.exception.DataAccessException;
import org.quartz.SchedulerException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Queues a run and has Quartz carry it. */
final class QuartzStarts implements Starts {
    private static final Logger LOG = LoggerFactory.getLogger(QuartzStarts.class);

    private final Jobs jobs;
    private final Queue queue;
    private final LaneJobs runJobs;
    private final Database control;
    private final BooleanSupplier withdrawn;

    /** @param withdrawn whether this worker takes no part in the schedule now */
    QuartzStarts(Jobs jobs, Queue queue, LaneJobs runJobs, Database control, BooleanSupplier withdrawn) {
        this.withdrawn = withdrawn;
        this.jobs = jobs;
        this.queue = queue;
        this.runJobs = runJobs;
        this.control = control;
    }

    @Override
    public Started start(String name, Actor actor, String trigger, Optional<String> idempotencyKey) {
        // a schedule is every worker's: the one it fires on may lack the file, or have one with mistakes
        Job job = jobs.find(name)
                .or(() -> actor.equals(Actor.SCHEDULE) ? jobs.elsewhere(name) : Optional.empty())
                .orElseThrow(() -> jobs.missing(name));
        var queued = queue.queue(job, actor, trigger, idempotencyKey);
        if (withdrawn.getAsBoolean()) {
            // a trigger would get its time from a wrong clock; the look for lifeless runs finds it
            return new Started(queued.run(), queued.created(), queued.resumed());
        }
        try {
            runJobs.execute(LaneId.conducting(queued.run().id()));
        } catch (SchedulerException e) {
            // the run is queued, and it is found by the look for runs that show no sign of life
            LOG.warn(
                    "Run {} is queued, but its start was not stored: {}",
                    queued.run().id(),
                    e.getMessage());
        }
        return new Started(queued.run(), queued.created(), queued.resumed());
    }

    @Override
    public Map<String, Instant> nextStarts() {
        try {
            return control.sql()
                    .fetch(
                            "SELECT trigger_name, min(next_fire_time) FROM sluice.qrtz_triggers"
                                    + " WHERE trigger_group IN (?, ?) AND next_fire_time > 0"
                                    + " AND trigger_state NOT IN ('ERROR', 'COMPLETE') GROUP BY trigger_name",
                            Schedules.GROUP,
                            StartJob.AGAIN)
                    .intoMap(r -> r.get(0, String.class), r -> Instant.ofEpochMilli(r.get(1, long.class)));
        } catch (DataAccessException e) {
            throw control.unavailable(e);
        }
    }

    @Override
    public void execute(UUID run) {
        if (withdrawn.getAsBoolean()) {
            return;
        }
        try {
            runJobs.execute(LaneId.conducting(run));
        } catch (SchedulerException e) {
            throw control.unavailable(e);
        }
    }
}
