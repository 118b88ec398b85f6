package dev.sluice.fleet;

import dev.sluice.problem.Problem;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jooq.DSLContext;

/** Whether the live workers hold the same definition of a job. */
@FunctionalInterface
public interface Agreement {
    /** For a single worker, as in tests of the engine: there is nobody to disagree. */
    Agreement ALONE = (sql, job) -> Optional.empty();

    /**
     * Who holds what, where they differ. A worker without the job's file holds nothing and does not count.
     *
     * @param sql the control database, also within a transaction
     * @param job the job's name
     * @throws org.jooq.exception.DataAccessException when the database does not answer
     */
    Optional<Difference> difference(DSLContext sql, String job);

    /**
     * The same for several jobs; one that is agreed upon is not there.
     *
     * @throws org.jooq.exception.DataAccessException when the database does not answer
     */
    default Map<String, Difference> differences(DSLContext sql, Collection<String> jobs) {
        Map<String, Difference> differences = new HashMap<>();
        jobs.forEach(job -> difference(sql, job).ifPresent(d -> differences.put(job, d)));
        return differences;
    }

    /**
     * Refuses the start of a run while they differ.
     *
     * @throws Problem CONFLICT {@value Difference#CODE}, with {@code workers} (name to fingerprint) in the details
     */
    default void require(DSLContext sql, String job) {
        Optional<Difference> difference = difference(sql, job);
        if (difference.isPresent()) {
            throw new Problem(
                    Problem.Kind.CONFLICT,
                    Difference.CODE,
                    "Job " + job + " cannot start: " + difference.get().message(),
                    Map.of("workers", difference.get().fingerprints()));
        }
    }
}
