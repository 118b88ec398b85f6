package dev.sluice.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** The meters of the scheduler on this worker. Safe for several threads. */
public final class SchedulerMeters {
    private final MeterRegistry registry;
    private final AtomicInteger executing = new AtomicInteger();
    private final AtomicInteger up = new AtomicInteger();

    public SchedulerMeters(MeterRegistry registry) {
        this.registry = registry;
        Gauge.builder("sluice.scheduler.up", up, AtomicInteger::get)
                .description("1 while the scheduler takes work, 0 otherwise")
                .register(registry);
        Gauge.builder("sluice.scheduler.jobs.executing", executing, AtomicInteger::get)
                .description("Scheduler jobs executing on this worker")
                .register(registry);
    }

    /** Whether the scheduler takes work. */
    public void up(boolean takesWork) {
        up.set(takesWork ? 1 : 0);
    }

    /** A job begins. */
    public void began() {
        executing.incrementAndGet();
    }

    /**
     * A job ends.
     *
     * @param group what sort of job, a word of the scheduler's own
     * @param failed whether it ended with an error
     */
    public void ended(String group, boolean failed) {
        executing.decrementAndGet();
        count("sluice.scheduler.jobs.executed", "Scheduler jobs that ended on this worker", group);
        if (failed) {
            count("sluice.scheduler.jobs.failed", "Scheduler jobs that ended with an error", group);
        }
    }

    /** A start was missed: no worker was free, or none ran. */
    public void misfired(String group) {
        count("sluice.scheduler.misfires", "Starts that were missed", group);
    }

    private void count(String name, String description, String group) {
        Counter.builder(name)
                .description(description)
                .tag("group", group)
                .register(registry)
                .increment();
    }
}
