package dev.sluice.resilience;

import dev.sluice.time.Time;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import java.util.OptionalDouble;

/** The row limits of this worker's runs. */
public final class RowRates {
    private final RateLimiterRegistry registry = RateLimiterRegistry.ofDefaults();
    private final Time time;

    public RowRates(Time time) {
        this.time = time;
    }

    /** A limit, none at first, for one run; close it when the run is given back. */
    public RowRate open(String job) {
        return RowRate.open(job, OptionalDouble.empty(), registry, time);
    }

    /** For binding its meters. */
    public RateLimiterRegistry registry() {
        return registry;
    }
}
