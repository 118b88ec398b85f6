package dev.sluice.schedule;

import dev.sluice.metrics.SchedulerMeters;
import org.jspecify.annotations.Nullable;
import org.quartz.JobExecutionContext;
import org.quartz.JobExecutionException;
import org.quartz.SchedulerException;
import org.quartz.SchedulerListener;
import org.quartz.Trigger;
import org.quartz.listeners.JobListenerSupport;
import org.quartz.listeners.SchedulerListenerSupport;
import org.quartz.listeners.TriggerListenerSupport;
import org.slf4j.Logger;

/** What Quartz tells while it works, for the meters and the log. */
final class SchedulerListening {
    private SchedulerListening() {}

    /** Counts jobs. */
    static final class OfJobs extends JobListenerSupport {
        private final SchedulerMeters meters;

        OfJobs(SchedulerMeters meters) {
            this.meters = meters;
        }

        @Override
        public String getName() {
            return "meters";
        }

        @Override
        public void jobToBeExecuted(JobExecutionContext context) {
            meters.began();
        }

        @Override
        public void jobWasExecuted(JobExecutionContext context, @Nullable JobExecutionException thrown) {
            meters.ended(context.getJobDetail().getKey().getGroup(), thrown != null);
        }
    }

    /** Counts starts that were missed. */
    static final class OfMisfires extends TriggerListenerSupport {
        private final SchedulerMeters meters;

        OfMisfires(SchedulerMeters meters) {
            this.meters = meters;
        }

        @Override
        public String getName() {
            return "meters";
        }

        @Override
        public void triggerMisfired(Trigger trigger) {
            meters.misfired(trigger.getJobKey().getGroup());
        }
    }

    /** Takes the place of Quartz's own error log. */
    static SchedulerListener ofErrors(Logger log) {
        return new SchedulerListenerSupport() {
            @Override
            public void schedulerError(String message, SchedulerException cause) {
                log.error(message, cause);
            }
        };
    }
}
