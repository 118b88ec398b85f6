package dev.sluice.plan;

import dev.sluice.job.Job;

/** Makes the dry run. */
public interface Plans {

    /**
     * @param job what would be run
     * @return the report; refusals are findings, not exceptions
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database cannot be reached; NOT_FOUND
     *     {@code unknown-database} when the configuration has no database of that name
     */
    PlanReport plan(Job job);
}
