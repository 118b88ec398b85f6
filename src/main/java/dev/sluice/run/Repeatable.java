package dev.sluice.run;

import dev.sluice.checkpoint.Counts;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a job may run again: whether a second run over the same rows changes nothing that the first has done. */
public final class Repeatable {
    private Repeatable() {}

    /**
     * By the definition alone: an {@code insert} with conflict handling is, anything else needs a {@code where}. A job
     * whose changed rows still match its {@code where} is not repeatable either; only a run can show that.
     */
    public static boolean byDefinition(Job job) {
        return switch (job.migrate().shape()) {
            case Shape.Insert insert ->
                insert.conflict().action() != Shape.Conflict.Action.ERROR
                        || job.migrate().where().isPresent();
            case Shape.Set ignored -> job.migrate().where().isPresent();
            case Shape.Delete ignored -> job.migrate().where().isPresent();
            case Shape.Sql ignored -> job.migrate().where().isPresent();
        };
    }

    /**
     * Whether a sweep may change rows once more. What a statement of one's own leaves matching {@code where} cannot be
     * told from rows that came late, so such a job must say {@code again: true}.
     */
    public static boolean sweepable(Job job) {
        return byDefinition(job) && (job.migrate().again() || !(job.migrate().shape() instanceof Shape.Sql));
    }

    /**
     * After a run of it.
     *
     * @param evidence that the run left; null unless it succeeded
     * @param changes what it did
     * @param idempotent whether the change gives the same result when it is made twice
     */
    static boolean after(@Nullable Evidence evidence, Counts changes, boolean idempotent, Job job) {
        return evidence != null
                ? evidence.repeatable()
                : changes.changed() == 0 || (sweepable(job) && (idempotent || changes.matching() == 0));
    }

    /**
     * The violating rows that another change would fix: those that match {@code where}; all of them for an
     * {@code insert} that handles conflicts and takes every row.
     */
    public static Optional<String> fixable(Job job) {
        return job.migrate()
                .where()
                .or(() -> job.migrate().shape() instanceof Shape.Insert && byDefinition(job)
                        ? Optional.of("true")
                        : Optional.empty());
    }
}
