package dev.sluice.throttle;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A signal that a job watches.
 *
 * @param source where it is read
 * @param judge holds what was read against the job's limits; empty where nothing was measured
 * @param stated whether the job file names it: one that is not named and cannot be read is off
 * @param holdsWhenUnknown whether the run holds while it is unknown
 */
public record MonitoredSignal(
        Source source,
        Function<List<Measurement>, Optional<Verdict>> judge,
        boolean stated,
        boolean holdsWhenUnknown) {}
