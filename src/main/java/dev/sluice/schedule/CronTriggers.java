package dev.sluice.schedule;

import dev.sluice.job.Schedule;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.TimeZone;
import org.quartz.CronScheduleBuilder;
import org.quartz.CronTrigger;
import org.quartz.JobKey;
import org.quartz.TriggerBuilder;
import org.quartz.TriggerKey;
import org.quartz.spi.OperableTrigger;

/** The trigger of a schedule, and when it fires. */
final class CronTriggers {
    private CronTriggers() {}

    /**
     * The trigger of a job's schedule, as the store has it.
     *
     * @throws RuntimeException where Quartz does not understand the expression
     */
    static CronTrigger of(TriggerKey key, Schedule schedule) {
        return builder(key, schedule).build();
    }

    /**
     * When it fires first, by Quartz's own reckoning: what an hour that a change of the clocks leaves out does to it is
     * for Quartz to say.
     *
     * @param from not before this
     * @return empty where it does not fire any more
     * @throws RuntimeException where Quartz does not understand the expression
     */
    static Optional<Instant> first(Schedule schedule, Instant from) {
        CronTrigger trigger = builder(new TriggerKey("any", Schedules.GROUP), schedule)
                .startAt(Date.from(from))
                .build();
        return Optional.ofNullable(((OperableTrigger) trigger).computeFirstFireTime(null))
                .map(Date::toInstant);
    }

    private static TriggerBuilder<CronTrigger> builder(TriggerKey key, Schedule schedule) {
        var cron = CronScheduleBuilder.cronSchedule(schedule.cron()).inTimeZone(TimeZone.getTimeZone(schedule.zone()));
        return TriggerBuilder.newTrigger()
                .withIdentity(key)
                .forJob(new JobKey(key.getName(), Schedules.GROUP))
                .withSchedule(
                        switch (schedule.misfire()) {
                            case ONCE -> cron.withMisfireHandlingInstructionFireAndProceed();
                            case SKIP -> cron.withMisfireHandlingInstructionDoNothing();
                        });
    }
}
