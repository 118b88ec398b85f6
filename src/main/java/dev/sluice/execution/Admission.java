package dev.sluice.execution;

import dev.sluice.batch.BatchSize;
import dev.sluice.batch.Outcome;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.resilience.RowRate;
import dev.sluice.run.RunStatus;
import dev.sluice.throttle.Leave;
import dev.sluice.throttle.Throttle;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What stands before each batch of a lane: the throttle, and the limits of rows. Every wait is told with its reason, and
 * whether the lane rests or is held.
 */
final class Admission {
    private final Throttle throttle;
    private final RowRate rate;
    private final Vitals vitals;
    private final Persistence persistence;
    private final BatchSize.Steps steps;
    private final Time time;
    /** The throttle holds the lane, and {@link Persistence} has been told so. */
    private boolean held;

    private long begun;

    Admission(Throttle throttle, RowRate rate, Vitals vitals, Persistence persistence, BatchSize.Steps steps, Time time) {
        this.throttle = throttle;
        this.rate = rate;
        this.vitals = vitals;
        this.persistence = persistence;
        this.steps = steps;
        this.time = time;
    }

    /** Returns when the next batch may begin. */
    void await(Tuning tuning) throws Stop, InterruptedException {
        follow(tuning);
        while (true) {
            Leave leave = throttle.ask();
            vitals.pace(throttle.share());
            vitals.verdicts(throttle.verdicts());
            if (leave instanceof Leave.Denied denied) {
                wait(denied);
                continue;
            }
            release();
            Duration owed = rate.owed();
            if (!owed.isPositive()) {
                persistence.rested();
                return;
            }
            throttle.isLimitedElsewhere();
            Integer limit = tuning.rowsPerSecond();
            persistence.rest(
                    new RunStatus.Limit(
                            "rows-per-second",
                            "paced to " + limit + " rows/s",
                            vitals.rate(),
                            limit == null ? null : Double.valueOf(limit),
                            time.now()),
                    owed);
        }
    }

    private void wait(Leave.Denied denied) throws Stop, InterruptedException {
        RunStatus.Limit limit = new RunStatus.Limit(
                denied.code(), denied.text(), denied.value(), denied.limit(), time.now(), denied.ageSeconds());
        if (denied.held()) {
            held = true;
            persistence.hold(limit, denied.length());
        } else {
            release();
            persistence.rest(limit, denied.length());
        }
    }

    private void release() {
        if (held) {
            held = false;
            persistence.released();
        }
    }

    private void follow(Tuning tuning) {
        Integer limit = tuning.rowsPerSecond();
        rate.limit(limit == null ? OptionalDouble.empty() : OptionalDouble.of(share(limit)));
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

    /** It is over, whatever came of it. */
    void ends() {
        throttle.ends(time.nanos() - begun);
    }

    /** What it did. */
    void worked(Outcome.Committed done) {
        rate.reserve(done.scanned());
    }

    /** Keys that this lane may walk in a second; infinite without a limit. */
    double rowsPerSecond() {
        return rate.limit().orElse(Double.POSITIVE_INFINITY);
    }

    /** Keys that a batch should have at most, so that it is worth no more than a second of the rate; null for any. */
    @Nullable
    Integer rowsPerSecond(Tuning tuning) {
        Integer limit = tuning.rowsPerSecond();
        return limit == null ? null : (Integer) (int) Math.max(1, share(limit));
    }

    /** The run's limit is shared evenly by its lanes, on whichever workers they are. */
    private double share(int limit) {
        return (double) limit / vitals.lanesAlive();
    }
}
