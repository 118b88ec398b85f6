package dev.sluice.job;

import java.util.Optional;

/** Says whether a schedule can ever start its job; told by the room that owns the scheduler. */
@FunctionalInterface
public interface CronCheck {

    /**
     * @param schedule as the job file has it; a zone that the file names wrongly is UTC here
     * @return what is wrong with its cron expression, as a clause a person understands, such as {@code minute 61 is not
     *     0-59} or that no moment ever meets it; empty when it can be used, also where all its moments are past
     */
    Optional<String> mistake(Schedule schedule);
}
