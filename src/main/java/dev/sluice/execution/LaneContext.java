package dev.sluice.execution;

import dev.sluice.metrics.RunMeters;
import dev.sluice.run.ResolvedJob;
import dev.sluice.time.Time;

/**
 * What every part of a lane at work shares.
 *
 * @param job the run's job, with what the database says of it
 * @param status what the lane shows of itself
 * @param retryLoop tries its steps again
 * @param batchGate stands before each of its batches
 * @param meters of the runs
 * @param time the clock
 */
record LaneContext(
        ResolvedJob job, LaneStatus status, RetryLoop retryLoop, BatchGate batchGate, RunMeters meters, Time time) {}
