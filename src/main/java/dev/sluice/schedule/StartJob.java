package dev.sluice.schedule;

import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import java.util.Map;
import java.util.Optional;
import org.quartz.Job;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts a run when its schedule fires. A refusal is written to the event log and is no error of the scheduler's. */
final class StartJob implements Job {
    private static final Logger LOG = LoggerFactory.getLogger(StartJob.class);

    private final String name;
    private final Work work;

    StartJob(String name, Work work) {
        this.name = name;
        this.work = work;
    }

    @Override
    public void execute(JobExecutionContext context) throws JobExecutionException {
        try {
            var started = work.starts().start(name, Actor.SCHEDULE, "schedule", Optional.empty());
            LOG.info(
                    "The schedule of job {} queued run {}.", name, started.run().id());
        } catch (Problem refused) {
            LOG.info("The schedule of job {} started nothing: {}", name, refused.getMessage());
            if (refused.kind() == Problem.Kind.UNAVAILABLE) {
                throw new JobExecutionException(refused);
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
}
