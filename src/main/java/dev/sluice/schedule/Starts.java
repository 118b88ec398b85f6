package dev.sluice.schedule;

import dev.sluice.event.Actor;
import dev.sluice.run.RunStatus;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Starts runs: by hand, by HTTP, by schedule. */
public interface Starts {

    /**
     * Queues a run of the job and has it carried by a worker. A failed or cancelled run of the same fingerprint is
     * resumed from its checkpoints instead of a new one.
     *
     * @param job a job's name
     * @param actor who asks
     * @param trigger {@code http}, {@code schedule} or {@code dev}
     * @param idempotencyKey the same key with the same job answers with the first call's run
     * @return the queued (or, for a repeated key, the earlier) run
     * @throws dev.sluice.problem.Problem NOT_FOUND unknown job; CONFLICT {@code live-run-exists} with {@code run} in
     *     the details, {@code not-repeatable}, {@code idempotency-key-reused}, {@code definitions-differ};
     *     UNPROCESSABLE {@code job-has-mistakes}
     */
    Started start(String job, Actor actor, String trigger, Optional<String> idempotencyKey);

    /**
     * When the schedules start their jobs next, as they are stored for all workers.
     *
     * @return by the job's name; a job without a schedule, or one whose moments are all past, is not there
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not answer
     */
    Map<String, Instant> nextStarts();

    /** Has a queued or resumed run carried on, if nothing does so yet. */
    void execute(UUID run);

    /**
     * @param run the run
     * @param created false where an Idempotency-Key was repeated
     * @param resumed true where an earlier failed or cancelled run goes on
     */
    record Started(RunStatus run, boolean created, boolean resumed) {}
}
