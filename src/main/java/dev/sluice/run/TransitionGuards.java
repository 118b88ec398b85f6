package dev.sluice.run;

import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.problem.Problem;
import java.util.Map;

/** What a person asked of a run and its state does not allow, with what may be done instead. */
final class TransitionGuards {
    private TransitionGuards() {}

    /** @throws Problem CONFLICT {@code illegal-move} for a run that has ended */
    static void requirePausable(RunRecord row) {
        RunState state = RunState.of(row.getState());
        if (!state.next().contains(RunState.PAUSED)) {
            throw move(row, "paused", "It has ended. " + next(row, state));
        }
    }

    /** @throws Problem CONFLICT {@code illegal-move} for a run that has ended otherwise */
    static void requireCancellable(RunRecord row) {
        RunState state = RunState.of(row.getState());
        if (!state.next().contains(RunState.CANCELLED)) {
            throw move(
                    row,
                    "cancelled",
                    "It has ended, and there is nothing left to cancel; the rows it changed stay changed. "
                            + next(row, state));
        }
    }

    /** @throws Problem CONFLICT {@code illegal-move} for a run that is done */
    static void requireResumable(RunRecord row) {
        RunState state = RunState.of(row.getState());
        if (state == RunState.SUCCEEDED) {
            throw move(row, "resumed", "It is done. " + next(row, state));
        }
    }

    private static String next(RunRecord row, RunState state) {
        return switch (state) {
            case FAILED, CANCELLED -> "`sluice resume " + row.getId() + "` goes on from its checkpoints.";
            case INCOMPLETE -> "`sluice resume " + row.getId() + "` verifies it again.";
            case SUCCEEDED -> "`sluice run " + row.getJob() + "` starts a new run.";
            case QUEUED, RUNNING, PAUSED, VERIFYING, SWEEPING -> "Look again: `sluice status " + row.getId() + "`.";
        };
    }

    private static Problem move(RunRecord row, String action, String remedy) {
        return new Problem(
                Problem.Kind.CONFLICT,
                "illegal-move",
                "Run " + row.getId() + " of " + row.getJob() + " is " + row.getState() + " and cannot be " + action
                        + ". " + remedy,
                Map.of("run", row.getId().toString(), "state", row.getState()));
    }
}
