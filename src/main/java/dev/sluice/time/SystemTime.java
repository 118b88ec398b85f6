package dev.sluice.time;

import java.time.Duration;
import java.time.Instant;

/** {@link Time} of the machine. */
enum SystemTime implements Time {
    INSTANCE;

    @Override
    public Instant now() {
        return Instant.now();
    }

    @Override
    public long nanos() {
        return System.nanoTime();
    }

    @Override
    public void pause(Duration length) throws InterruptedException {
        if (length.isPositive()) {
            Thread.sleep(length);
        } else if (Thread.interrupted()) {
            throw new InterruptedException("asked to stop");
        }
    }
}
