package dev.sluice.job;

import java.util.Optional;

/** Says whether a cron expression can be used; told by the room that owns the scheduler. */
@FunctionalInterface
public interface CronCheck {

    /**
     * @param cron as the job file has it
     * @return what is wrong with it, as a clause a person understands, such as {@code minute 61 is not 0-59}; empty
     *     when it can be used
     */
    Optional<String> mistake(String cron);
}
