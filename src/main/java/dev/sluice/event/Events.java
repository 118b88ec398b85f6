package dev.sluice.event;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The append-only log. */
public interface Events {

    /**
     * Writes one line, stamped by the database's clock.
     *
     * @param actor who
     * @param action what: {@code run.queued}, {@code run.started}, {@code run.paused}, {@code run.resumed},
     *     {@code run.cancelled}, {@code run.tuned}, {@code run.succeeded}, {@code run.incomplete}, {@code run.failed},
     *     {@code run.verifying}, {@code run.sweeping}, {@code fleet.stopped}, {@code fleet.resumed}
     * @param job the job concerned
     * @param run the run concerned
     * @param detail further facts; values Jackson can write
     */
    void append(Actor actor, String action, @Nullable String job, @Nullable UUID run, Map<String, Object> detail);

    /**
     * Lines in ascending order of id.
     *
     * @param job only of this job
     * @param run only of this run
     * @param after only ids above this; 0 for all
     * @param limit at most so many, the newest ones when {@code after} is 0
     */
    List<Event> list(Optional<String> job, Optional<UUID> run, long after, int limit);
}
