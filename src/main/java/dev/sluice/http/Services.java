package dev.sluice.http;

import dev.sluice.event.Events;
import dev.sluice.job.Jobs;
import dev.sluice.phase.Gates;
import dev.sluice.plan.Plans;
import dev.sluice.run.FleetStop;
import dev.sluice.run.Runs;
import dev.sluice.schedule.Starts;

/** What stands behind the door. */
public record Services(Jobs jobs, Runs runs, FleetStop stop, Starts starts, Plans plans, Gates gates, Events events) {}
