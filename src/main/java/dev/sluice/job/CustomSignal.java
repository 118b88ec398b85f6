package dev.sluice.job;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

/** A signal that a job file defines itself. */
public sealed interface CustomSignal {
    /** Unique within the job, {@code [a-z0-9-]}. */
    String name();

    /** The value from which on the run is too fast; empty only where an HTTP address answers with its status alone. */
    OptionalDouble limit();

    /** What its levels are held against: the limit, or 1 where the status alone counts, which is then 0 or 1. */
    default double threshold() {
        return limit().orElse(1);
    }

    /** How often it is read. */
    Duration every();

    /** Whether the run holds while it is unknown. */
    boolean holdsWhenUnknown();

    /** @param query one row with one number, read in the job's database in a read-only transaction */
    record Sql(String name, String query, OptionalDouble limit, Duration every, boolean holdsWhenUnknown)
            implements CustomSignal {}

    /**
     * @param url that is fetched
     * @param pointer JSON pointer to a number in the answer; empty where the status alone counts: 2xx is good, 429 and
     *     503 are over the limit
     */
    record Http(
            String name,
            URI url,
            Optional<String> pointer,
            OptionalDouble limit,
            Duration every,
            boolean holdsWhenUnknown)
            implements CustomSignal {}

    /**
     * @param url of the Prometheus server, without {@code /api/v1/query}
     * @param query that gives a number; of several series the largest counts
     */
    record Prometheus(
            String name, URI url, String query, OptionalDouble limit, Duration every, boolean holdsWhenUnknown)
            implements CustomSignal {}
}
