package dev.sluice.execution;

import dev.sluice.checkpoint.Halt;
import dev.sluice.checkpoint.RunMandate;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.database.Database;
import dev.sluice.run.RunStatus;
import dev.sluice.run.StopTable;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Optional;

/**
 * Holds a lane while all runs are stopped: by the note in the control database, which the heartbeats look at, or by the
 * one in the target, which no batch passes by. Or for a moment, while the settings of its run are being changed.
 */
final class StopAll {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(500);
    private static final Duration CHANGE_ASKED_EVERY = Duration.ofMillis(100);
    private static final String CHANGING = "settings-changing";

    private final StopTable stops;
    private final Halt halt;
    private final RunMandate mandate;
    private final Vitals vitals;
    private final Persistence persistence;
    private final Time time;
    private boolean holding;

    StopAll(StopTable stops, Database target, Vitals vitals, Persistence persistence, Time time) {
        this.stops = stops;
        this.halt = new Halt(target);
        this.mandate = new RunMandate(target);
        this.time = time;
        this.vitals = vitals;
        this.persistence = persistence;
    }

    /** Whether the control database said so when it was looked at last, or this lane holds; no batch begins then. */
    boolean isNoted() {
        return holding || vitals.isStopNoted();
    }

    /** Rests while the run's settings are being changed; each batch would only be refused. */
    void awaitChange() throws Stop, RunFailed, InterruptedException {
        while (persistence.insist("checkpoint", () -> mandate.isChanging(vitals.run()))) {
            persistence.rest(
                    new RunStatus.Limit(
                            CHANGING,
                            "the run's settings are being changed; batches go on when those in flight are over",
                            null,
                            null,
                            time.now()),
                    CHANGE_ASKED_EVERY);
        }
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
