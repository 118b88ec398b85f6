package dev.sluice.throttle;

import dev.sluice.job.Job;
import dev.sluice.table.TableFacts;

/** Makes the throttle of a lane. */
@FunctionalInterface
public interface Throttles {
    /**
     * Begins to watch what the job watches; close it when the lane is left.
     *
     * @param job whose settings count
     * @param facts of the table whose rows it changes
     */
    Throttle open(Job job, TableFacts facts);
}
