package dev.sluice.run;

import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import java.util.Optional;

/** Where runs are asked for. */
public interface Queue {

    /**
     * Queues a run of the job, or queues again a failed or cancelled one of the same fingerprint.
     *
     * @param trigger {@code http}, {@code schedule} or {@code dev}
     * @param idempotencyKey the same key with the same job answers with the first call's run
     * @throws dev.sluice.problem.Problem CONFLICT {@code live-run-exists}, {@code not-repeatable},
     *     {@code idempotency-key-reused}, {@code definitions-differ}; UNAVAILABLE when the database cannot store it
     */
    QueueResult queue(Job job, Actor actor, String trigger, Optional<String> idempotencyKey);
}
