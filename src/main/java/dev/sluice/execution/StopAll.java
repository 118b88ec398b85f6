package dev.sluice.execution;

import dev.sluice.checkpoint.Halt;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.run.RunStatus;
import dev.sluice.run.StopTable;
import java.time.Duration;
import java.util.Optional;

/**
 * Holds a lane while all runs are stopped: by the note in the control database, which the heartbeats look at, or by the
 * one in the target, which no batch passes by.
 */
final class StopAll {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

    private final StopTable stops;
    private final Halt halt;
    private final Vitals vitals;
    private final Persistence persistence;
    private boolean holding;

    StopAll(StopTable stops, Halt halt, Vitals vitals, Persistence persistence) {
        this.stops = stops;
        this.halt = halt;
        this.vitals = vitals;
        this.persistence = persistence;
    }

    /** Whether the control database said so when it was looked at last, or this lane holds; no batch begins then. */
    boolean isNoted() {
        return holding || vitals.isStopNoted();
    }

    /**
     * Looks, and holds for a moment where all runs are stopped.
     *
     * @return whether they were; the caller then looks at the run again, which may have been paused or cancelled, and
     *     asks once more
     */
    boolean held() throws Stop, RunFailed, InterruptedException {
        Optional<StopNote> note = persistence.insist("state", stops::read);
        vitals.stopNoted(note.isPresent());
        if (note.isEmpty()) {
            note = persistence.insist("checkpoint", halt::read);
        }
        if (note.isEmpty()) {
            if (holding) {
                persistence.released();
                holding = false;
            }
            return false;
        }
        holding = true;
        StopNote now = note.get();
        persistence.hold(new RunStatus.Limit(StopNote.REASON, now.message(), null, null, now.since()), LOOK_AGAIN);
        return true;
    }
}
