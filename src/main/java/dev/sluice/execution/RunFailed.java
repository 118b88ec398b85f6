package dev.sluice.execution;

import dev.sluice.run.RunStatus;

/** The run cannot go on and fails with this, told to a person. */
final class RunFailed extends Exception {
    private final transient RunStatus.Failure failure;

    RunFailed(RunStatus.Failure failure) {
        super(failure.message(), null, false, false);
        this.failure = failure;
    }

    RunStatus.Failure failure() {
        return failure;
    }
}
