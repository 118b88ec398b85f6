package dev.sluice.execution;

import dev.sluice.checkpoint.Tuning;
import java.time.Duration;
import java.util.Optional;

/** What a lane waits for before each of its batches. */
final class Leave {
    /** Whoever has to wait for longer looks meanwhile whether that still holds. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    private final StopAll stopAll;
    private final Rates rates;
    private final Vitals vitals;
    private final Persistence persistence;

    Leave(StopAll stopAll, Rates rates, Vitals vitals, Persistence persistence) {
        this.stopAll = stopAll;
        this.rates = rates;
        this.vitals = vitals;
        this.persistence = persistence;
    }

    /**
     * Waits until what was done so far is within the rates; a stop and a loss are noticed here.
     *
     * @param tuning in force
     * @return false when the batch is not to begin: the checkpoint is read again first, as after one that was refused
     */
    boolean await(Tuning tuning) throws Stop, InterruptedException {
        requireWanted();
        if (stopAll.isNoted()) {
            return false;
        }
        rates.follow(tuning);
        Optional<Rates.Owed> owed = rates.owed();
        if (owed.isEmpty()) {
            persistence.unpaced();
            return true;
        }
        boolean longer = owed.get().length().compareTo(LONGEST_WAIT) > 0;
        persistence.hold(owed.get().limit(), longer ? LONGEST_WAIT : owed.get().length());
        return !longer;
    }

    /**
     * @throws Stop when another worker has the lane
     * @throws InterruptedException when this worker is asked to stop
     */
    void requireWanted() throws Stop, InterruptedException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("asked to stop");
        }
        if (vitals.isLost()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    StopAll stopAll() {
        return stopAll;
    }

    Rates rates() {
        return rates;
    }
}
