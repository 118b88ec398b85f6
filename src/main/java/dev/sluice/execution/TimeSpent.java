package dev.sluice.execution;

import dev.sluice.time.Time;

/**
 * Where a lane's time goes: each moment of it is worked, paced or held, so that the three add up to the time it was
 * carried. Written by the carrying thread, read by others.
 */
final class TimeSpent {
    /** What the time goes to. */
    enum On {
        /** batches, and what is done between them */
        WORKING,
        /** rests between batches, for the pace or a rate */
        PACED,
        /** nothing is done for a stated reason */
        HELD
    }

    /**
     * Seconds of each kind.
     *
     * @param working in batches and between them
     * @param paced resting between batches
     * @param held waiting for something to be over
     */
    record Seconds(double working, double paced, double held) {
        static final Seconds NONE = new Seconds(0, 0, 0);

        /** Together with these. */
        Seconds plus(Seconds more) {
            return new Seconds(working + more.working, paced + more.paced, held + more.held);
        }
    }

    private final Time time;
    private On on = On.WORKING;
    private long since;
    private Seconds untold = Seconds.NONE;

    TimeSpent(Time time) {
        this.time = time;
        this.since = time.nanos();
    }

    /** From now on it goes to this. */
    synchronized void turn(On to) {
        count();
        on = to;
    }

    /** What has been spent since this was called last. */
    synchronized Seconds take() {
        count();
        Seconds taken = untold;
        untold = Seconds.NONE;
        return taken;
    }

    /** What was taken could not be told; it is part of what is taken next. */
    synchronized void giveBack(Seconds taken) {
        untold = untold.plus(taken);
    }

    private void count() {
        long now = time.nanos();
        double seconds = (now - since) / 1e9;
        since = now;
        untold = untold.plus(
                switch (on) {
                    case WORKING -> new Seconds(seconds, 0, 0);
                    case PACED -> new Seconds(0, seconds, 0);
                    case HELD -> new Seconds(0, 0, seconds);
                });
    }
}
