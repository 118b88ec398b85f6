package dev.sluice.bench;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Ends this JVM when a run takes far too long; its shutdown hooks end the processes that were started. */
final class Watchdog {
    private Watchdog() {}

    /**
     * Watches from now on.
     *
     * @param limit after that the JVM ends, with exit code 1
     */
    static void set(Duration limit) {
        Thread.ofPlatform().daemon().name("watchdog").start(() -> {
            try {
                TimeUnit.MILLISECONDS.sleep(limit.toMillis());
            } catch (InterruptedException e) {
                return;
            }
            System.out.println("FAILED: not over after " + limit.toMinutes() + " minutes");
            System.exit(1);
        });
    }
}
