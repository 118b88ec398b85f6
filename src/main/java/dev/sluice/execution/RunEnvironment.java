package dev.sluice.execution;

import dev.sluice.batch.BatchSize;
import dev.sluice.database.Databases;
import dev.sluice.metrics.RunMeters;
import dev.sluice.plan.JobCheck;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RowRates;
import dev.sluice.throttle.Throttles;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Map;

/**
 * What the carrying of runs needs from the rest of the worker.
 *
 * @param databases all of them
 * @param preflight looks a job over before it begins
 * @param retries how errors are waited out
 * @param rates the limits of rows per second
 * @param steps how the size of a batch adapts
 * @param throttles how fast each run may go
 * @param limits of the databases, by their names; one that is missing has none
 * @param meters what happened
 * @param time clock and waits
 * @param worker this worker's name
 * @param offers where further lanes of a run are offered
 * @param heartbeat how often a sign of life is written
 * @param takeover after how long without one another worker takes a lane
 * @param maxSweeps sweeps for late rows before a run is incomplete
 */
public record RunEnvironment(
        Databases databases,
        JobCheck preflight,
        Retries retries,
        RowRates rates,
        BatchSize.Steps steps,
        Throttles throttles,
        Map<String, DatabaseLimits> limits,
        RunMeters meters,
        Time time,
        String worker,
        LaneOffers offers,
        Duration heartbeat,
        Duration takeover,
        int maxSweeps) {
    public RunEnvironment {
        limits = Map.copyOf(limits);
    }
}
