package dev.sluice.execution;

import dev.sluice.metrics.RunMeters;
import dev.sluice.run.RunStatus;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The waits of a lane, each told with its reason: in the status, the meters and the log. A lane that holds does nothing
 * until what holds it is over; a lane that rests goes on working, more slowly.
 */
final class LaneWaits {
    private static final Logger LOG = LoggerFactory.getLogger(LaneWaits.class);
    /** A wait is cut into pieces, so that a lost run is noticed within one. */
    private static final Duration PIECE = Duration.ofMillis(500);

    private final RunMeters meters;
    private final Time time;
    private final LaneStatus laneStatus;
    private final RestLog restLog;
    /** What holds the run, from the first failure to the release, tries included; null for nothing. */
    private @Nullable String holding;
    /** Up to when that has been counted. */
    private long counted;
    /** The run rests between batches, and {@link LaneStatus#limit} says why. */
    private boolean resting;

    LaneWaits(RunMeters meters, Time time, LaneStatus laneStatus) {
        this.meters = meters;
        this.time = time;
        this.laneStatus = laneStatus;
        this.restLog = new RestLog(laneStatus.run(), laneStatus.job());
    }

    /**
     * Holds for a stated reason: nothing is done until it is over. What follows is still part of the hold, until
     * {@link #released}.
     *
     * @throws Stop when another worker has taken the run meanwhile
     */
    void hold(RunStatus.Limit limit, Duration length) throws Stop, InterruptedException {
        if (tell(limit)) {
            LOG.info("run {} of {} holds: {}: {}", laneStatus.run(), laneStatus.job(), limit.reason(), limit.message());
        }
        resting = false;
        count();
        holding = limit.reason();
        pause(limit, length, TimeSpent.On.HELD);
    }

    /**
     * Rests before the next batch, for a stated reason.
     *
     * @throws Stop when another worker has taken the run meanwhile
     */
    void rest(RunStatus.Limit limit, Duration length) throws Stop, InterruptedException {
        count();
        holding = null; // the wait after an error is over
        tell(limit);
        restLog.rests(limit, time.nanos());
        resting = true;
        pause(limit, length, TimeSpent.On.PACED);
    }

    /** Shows what limits the run now; whether the reason is a new one. */
    private boolean tell(RunStatus.Limit limit) {
        RunStatus.Limit before = laneStatus.limit();
        boolean same = before != null && before.reason().equals(limit.reason());
        Instant since = before != null && same ? before.since() : limit.since();
        laneStatus.limitedBy(limit.since(since));
        return !same;
    }

    private void pause(RunStatus.Limit limit, Duration length, TimeSpent.On on) throws Stop, InterruptedException {
        long begin = time.nanos();
        laneStatus.spent().turn(on);
        try {
            Duration left = length;
            while (left.isPositive()) {
                requireMine();
                Duration piece = left.compareTo(PIECE) < 0 ? left : PIECE;
                time.pause(piece);
                left = left.minus(piece);
            }
            requireMine();
        } finally {
            meters.recordHold(laneStatus.job(), laneStatus.database(), limit.reason(), (time.nanos() - begin) / 1e9);
            counted = time.nanos();
            laneStatus.spent().turn(holding == null ? TimeSpent.On.WORKING : TimeSpent.On.HELD);
        }
    }

    /** Counts what has passed since the last count, if the run is held. */
    void count() {
        long now = time.nanos();
        String reason = holding;
        if (reason != null && now > counted) {
            meters.recordHold(laneStatus.job(), laneStatus.database(), reason, (now - counted) / 1e9);
        }
        counted = now;
    }

    private void requireMine() throws Stop {
        if (laneStatus.isLost()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    /** A step has succeeded: whatever held the run is over. A rest is left to {@link #rested}. */
    void released() {
        count();
        holding = null;
        laneStatus.spent().turn(TimeSpent.On.WORKING);
        RunStatus.Limit before = laneStatus.limit();
        if (before != null && !resting) {
            laneStatus.limitedBy(null);
            LOG.info("run {} of {} goes on after: {}", laneStatus.run(), laneStatus.job(), before.reason());
        }
    }

    /** The next batch needs no rest: the lane goes at full speed. */
    void rested() {
        if (resting) {
            resting = false;
            laneStatus.limitedBy(null);
        }
        restLog.doesNotRest(time.nanos());
    }
}
