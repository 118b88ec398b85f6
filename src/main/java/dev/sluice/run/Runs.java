package dev.sluice.run;

import dev.sluice.event.Actor;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The runs, and what a person may do with a live one. Every change is in effect within one batch, is guarded by the
 * state it expects, and is written to the event log. All methods throw {@link dev.sluice.problem.Problem}: NOT_FOUND
 * for an unknown run, CONFLICT where the state does not allow it, UNAVAILABLE when a database cannot store the change.
 */
public interface Runs {

    /** The run with this id. */
    Optional<RunStatus> find(UUID id);

    /** The newest runs, newest first; of one job if named. */
    List<RunStatus> list(Optional<String> job, int limit);

    /** The newest run of each job that has one. */
    List<RunStatus> latest();

    /** No batch commits after this has returned. */
    RunStatus pause(UUID id, Actor actor);

    /**
     * Goes on with a paused run where it stopped, or queues a failed or cancelled one again, from its checkpoints. The
     * latter is a start: CONFLICT {@code definitions-differ} while live workers hold different definitions of its job.
     */
    RunStatus resume(UUID id, Actor actor);

    /** Ends it; what was committed stays. No batch commits after this has returned. */
    RunStatus cancel(UUID id, Actor actor);

    /** Changes settings of a live run; the next batch uses them. */
    RunStatus tune(UUID id, SettingsChange change, Actor actor);
}
