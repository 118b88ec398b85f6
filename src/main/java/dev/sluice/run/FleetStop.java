package dev.sluice.run;

import dev.sluice.checkpoint.StopNote;
import dev.sluice.event.Actor;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stops every run on every database, and lets them go on. Runs stay in their states: they hold with the reason
 * {@code stopped-all}, and can be started, paused, cancelled and tuned meanwhile. It outlives every restart, and stands
 * in the event log ({@code fleet.stopped}, {@code fleet.resumed}). All methods throw {@link dev.sluice.problem.Problem}
 * UNAVAILABLE where the control database does not answer.
 */
public interface FleetStop {
    /** Characters of a reason at most. */
    int LONGEST_REASON = 500;

    /**
     * How it stands.
     *
     * @param stopped whether all runs are stopped
     * @param by who stopped them; null where nobody has
     * @param since when, by the control database's clock; null where nobody has
     * @param reason as it was given; null for none
     */
    record Status(
            boolean stopped,
            @Nullable String by,
            @Nullable Instant since,
            @Nullable String reason) {
        static Status of(Optional<StopNote> note) {
            return note.map(n -> new Status(true, n.by(), n.since(), n.reason()))
                    .orElseGet(() -> new Status(false, null, null, null));
        }
    }

    /** Whether all runs are stopped. */
    Status now();

    /**
     * Stops all runs. No batch commits on any database after this has returned. Where they are stopped already, what a
     * first call could not reach is stopped now, and who did it stays.
     *
     * @param reason for people, at most {@value #LONGEST_REASON} characters
     * @throws dev.sluice.problem.Problem UNAVAILABLE {@code stop-incomplete} where a database does not answer: the stop
     *     is noted and all others are stopped, and the workers hold there, too, as soon as they see the note. CONFLICT
     *     {@code resumed-meanwhile}. INVALID {@code bad-reason}
     */
    Status stop(Optional<String> reason, Actor actor);

    /**
     * Lets all runs go on; changes nothing where they do.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE {@code resume-incomplete} where a database does not answer: all
     *     runs stay stopped
     */
    Status resume(Actor actor);
}
