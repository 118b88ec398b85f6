package dev.sluice.fleet;

import java.time.Duration;
import java.util.UUID;

/**
 * This worker among the others.
 *
 * @param instance fresh at each start: a worker that was restarted under the same name is another one
 * @param name as configured; unique, if the configuration is right
 * @param version of Sluice
 * @param heartbeat how often it shows a sign of life
 * @param takeover after how long without one a worker counts as dead
 */
public record Member(UUID instance, String name, String version, Duration heartbeat, Duration takeover) {

    /** A worker that starts now. */
    public static Member starting(String name, String version, Duration heartbeat, Duration takeover) {
        return new Member(UUID.randomUUID(), name, version, heartbeat, takeover);
    }
}
