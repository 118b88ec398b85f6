package dev.sluice.testing;

import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;

/** The machine's time with a wall clock that is set wrong. */
public final class SkewedTime implements Time {
    private final Time real = Time.system();
    private volatile Duration ahead;

    /** @param ahead negative for a clock that is behind */
    public SkewedTime(Duration ahead) {
        this.ahead = ahead;
    }

    /** Sets the clock. */
    public void set(Duration by) {
        ahead = by;
    }

    @Override
    public Instant now() {
        return real.now().plus(ahead);
    }

    @Override
    public long nanos() {
        return real.nanos();
    }

    @Override
    public void pause(Duration length) throws InterruptedException {
        real.pause(length);
    }
}
