package dev.sluice.schedule;

import dev.sluice.event.Events;
import dev.sluice.execution.LaneRunner;
import dev.sluice.run.OrphanedLanes;

/**
 * What the schedule's jobs work with.
 *
 * @param starts starts a run when a schedule fires
 * @param carrier carries runs
 * @param lifeless finds runs nobody carries
 * @param events where a refused start is written
 */
public record ScheduleServices(Starts starts, LaneRunner owner, OrphanedLanes orphanedLanes, Events events) {}
