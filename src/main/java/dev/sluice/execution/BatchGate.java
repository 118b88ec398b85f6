package dev.sluice.execution;

import dev.sluice.batch.BatchSize;
import dev.sluice.batch.Outcome;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.run.RunStatus;
import dev.sluice.throttle.Permit;
import dev.sluice.throttle.Throttle;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Optional;

/**
 * What stands before each batch of a lane: whether all runs are stopped, the throttle, and the rates. Every wait is
 * told with its reason, and whether the lane rests or is held.
 */
final class BatchGate {
    /** Who has to wait for longer has the checkpoint read meanwhile: it may have been paused, tuned or cancelled. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final StopAll stopAll;
    private final Throttle throttle;
    private final Rates rates;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final BatchSize.Steps steps;
    private final Time time;
    /** The throttle holds the lane, and {@link RetryLoop} has been told so. */
    private boolean held;

    private long begun;
    /** Seconds of the last batch, from sending it to its answer. */
    private double took;

    BatchGate(
            StopAll stopAll,
            Throttle throttle,
            Rates rates,
            LaneStatus laneStatus,
            RetryLoop retryLoop,
            BatchSize.Steps steps,
            Time time) {
        this.stopAll = stopAll;
        this.throttle = throttle;
        this.rates = rates;
        this.laneStatus = laneStatus;
        this.retryLoop = retryLoop;
        this.steps = steps;
        this.time = time;
    }

    /** Whether the next batch begins. */
    enum Answer {
        GO,
        /** not before the checkpoint has been read again, as after a batch that was refused */
        RECHECK
    }

    /**
     * Waits until the next batch may begin; a stop and a loss are noticed here.
     *
     * @param tuning in force
     */
    Answer await(Tuning tuning) throws Stop, InterruptedException {
        long patience = time.nanos() + LONGEST_WAIT.toNanos();
        rates.follow(tuning);
        throttle.tune(tuning.cores());
        boolean waited = false;
        while (time.nanos() - patience < 0) {
            requireWanted();
            if (stopAll.isNoted()) {
                return Answer.RECHECK;
            }
            Permit permit = throttle.ask(laneStatus.lanesOnDatabase());
            laneStatus.pace(throttle.share());
            laneStatus.verdicts(throttle.verdicts());
            if (permit instanceof Permit.Denied denied) {
                wait(denied);
                waited = true;
                continue;
            }
            release();
            Optional<Rates.Owed> owed = rates.owed();
            if (owed.isEmpty()) {
                if (!waited) {
                    retryLoop.waits().rested(); // what limits a run does so while it works, too
                }
                return Answer.GO;
            }
            waited = true;
            isLimitedElsewhere();
            Duration length = owed.get().length();
            retryLoop.waits().rest(owed.get().limit(), length.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : length);
        }
        return Answer.RECHECK;
    }

    private void wait(Permit.Denied denied) throws Stop, InterruptedException {
        RunStatus.Limit limit = new RunStatus.Limit(
                denied.code(), denied.text(), denied.value(), denied.limit(), time.now(), denied.ageSeconds());
        if (denied.held()) {
            held = true;
            retryLoop.waits().hold(limit, denied.length());
        } else {
            release();
            retryLoop.waits().rest(limit, denied.length());
        }
    }

    private void release() {
        if (held) {
            held = false;
            retryLoop.waits().released();
        }
    }

    /**
     * @throws Stop when another worker has the lane
     * @throws InterruptedException when this worker is asked to stop
     */
    void requireWanted() throws Stop, InterruptedException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("asked to stop");
        }
        if (laneStatus.isLost()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    /** A first batch of so many keys, which adapts from there. */
    BatchSize size(int keys) {
        return BatchSize.startingAt(keys, steps);
    }

    /** A batch begins. */
    void begins() {
        begun = time.nanos();
        throttle.begins();
    }

    /**
     * It is over.
     *
     * @param serverSeconds that the server was at it, which is what is rested for; 0 where nothing was committed: what
     *     was waited for in vain need not be rested for
     */
    void ends(double serverSeconds) {
        long nanos = time.nanos() - begun;
        took = nanos / 1e9;
        throttle.ends(Math.min(nanos, (long) (serverSeconds * 1e9)));
        if (serverSeconds == 0) {
            isLimitedElsewhere();
        }
    }

    /** Something else than the pace keeps the lane from working all that it might, so the pace is not to grow. */
    void isLimitedElsewhere() {
        throttle.isLimitedElsewhere();
    }

    /** What it did. */
    void worked(Outcome.Committed done) {
        rates.follow(done.tuning());
        rates.worked(done.scanned(), done.wal());
        throttle.measured(done.scanned(), done.serverSeconds(), took - done.serverSeconds());
    }

    /** After a batch that was refused: holds while what refuses it goes on, if the checkpoint does not say it. */
    void refused() throws Stop, RunFailed, InterruptedException {
        if (!stopAll.held()) {
            stopAll.awaitChange();
        }
    }

    /** How many seconds a batch may last now. */
    double batchSeconds(Tuning tuning) {
        return throttle.batchSeconds(tuning.targetMillis() / 1000.0);
    }

    Rates rates() {
        return rates;
    }

    StopAll stopAll() {
        return stopAll;
    }
}
