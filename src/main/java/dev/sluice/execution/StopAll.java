package dev.sluice.execution;

import dev.sluice.checkpoint.DatabaseStop;
import dev.sluice.checkpoint.DesiredState;
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
    private final DatabaseStop databaseStop;
    private final DesiredState desiredState;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final Time time;
    private boolean holding;

    StopAll(StopTable stops, Database target, LaneStatus laneStatus, RetryLoop retryLoop, Time time) {
        this.stops = stops;
        this.databaseStop = new DatabaseStop(target);
        this.desiredState = new DesiredState(target);
        this.time = time;
        this.laneStatus = laneStatus;
        this.retryLoop = retryLoop;
    }

    /** Whether the control database said so when it was looked at last, or this lane holds; no batch begins then. */
    boolean isNoted() {
        return holding || laneStatus.isStopNoted();
    }

    /** Rests while the run's settings are being changed; each batch would only be refused. */
    void awaitChange() throws Stop, RunFailed, InterruptedException {
        while (retryLoop.insist("checkpoint", () -> desiredState.isChanging(laneStatus.run()))) {
            retryLoop
                    .waits()
                    .rest(
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
        Optional<StopNote> note = retryLoop.insist("state", stops::read);
        laneStatus.stopNoted(note.isPresent());
        if (note.isEmpty()) {
            note = retryLoop.insist("checkpoint", databaseStop::read);
        }
        if (note.isEmpty()) {
            if (holding) {
                retryLoop.waits().released();
                holding = false;
            }
            return false;
        }
        holding = true;
        StopNote now = note.get();
        retryLoop
                .waits()
                .hold(new RunStatus.Limit(StopNote.REASON, now.message(), null, null, now.since()), LOOK_AGAIN);
        return true;
    }
}
