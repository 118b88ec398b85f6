package dev.sluice.plan;

import dev.sluice.job.Job;
import java.util.List;

/** The checks of a job against its database, as a run makes them before its first batch: no trial, no sample. */
public interface JobCheck {

    /**
     * @return what was found, refusals first
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database cannot be reached; NOT_FOUND
     *     {@code unknown-database} when the configuration has no database of that name
     */
    List<PlanReport.Finding> check(Job job);
}
