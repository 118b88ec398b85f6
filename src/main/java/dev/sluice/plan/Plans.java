package dev.sluice.plan;

import dev.sluice.job.Job;

/** Makes the dry run. */
public interface Plans {

    /**
     * Looks at a job before a run.
     *
     * @param job what would be run
     * @param trial whether one batch may be tried, in a transaction that is rolled back: it locks rows, fires triggers
     *     and moves sequences. Left out, the report says so, and has no sample and no estimate of time
     * @return the report; refusals are findings, not exceptions
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database cannot be reached; NOT_FOUND
     *     {@code unknown-database} when the configuration has no database of that name
     */
    PlanReport plan(Job job, boolean trial);

    /** With the trial. */
    default PlanReport plan(Job job) {
        return plan(job, true);
    }
}
