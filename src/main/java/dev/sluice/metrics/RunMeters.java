package dev.sluice.metrics;

import dev.sluice.checkpoint.RowsLeft;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The meters of the runs. Counters are this worker's own share, so their sum over the workers is the whole; gauges show
 * the last {@link #report}, and only jobs that were in it. Safe for several threads.
 */
public final class RunMeters {
    private static final Duration[] BUCKETS =
            List.of(5, 10, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 2000, 5000, 10_000, 30_000)
                    .stream()
                    .map(Duration::ofMillis)
                    .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final RunGauges gauges;
    private final SignalGauges signals;
    private final Map<Target, Batches> batches = new ConcurrentHashMap<>();

    /**
     * @param registry where the meters go
     * @param states every state a run can be in
     */
    public RunMeters(MeterRegistry registry, List<String> states) {
        this.registry = registry;
        this.gauges = new RunGauges(registry, states);
        this.signals = new SignalGauges(registry);
    }

    /**
     * Counts a committed batch.
     *
     * @param scanned keys walked
     * @param changed rows changed
     * @param left what it walked and did not do
     * @param seconds from sending the batch to its answer
     */
    public void recordBatch(String job, String database, long scanned, long changed, RowsLeft left, double seconds) {
        Batches b = batches(job, database);
        b.scanned.increment(scanned);
        b.changed.increment(changed);
        b.unchanged.increment(left.unchanged());
        b.collapsed.increment(left.collapsed());
        b.count.increment();
        b.seconds.record(Duration.ofNanos(Math.round(seconds * 1e9)));
    }

    /**
     * Counts a try after an error.
     *
     * @param kind the error's kind as a word, such as {@code timeout}; never its text
     */
    public void recordRetry(String job, String database, String kind) {
        counter("sluice.retries", "Tries after an error", "kind", kind, job, database)
                .increment();
    }

    /**
     * Adds to the time a run was held back.
     *
     * @param reason its code, such as {@code rows-per-second}
     * @param seconds since the hold began or was last recorded
     */
    public void recordHold(String job, String database, String reason, double seconds) {
        Counter.builder("sluice.hold")
                .baseUnit("seconds")
                .description("Time in which a run waited for something")
                .tags(tags(job, database).and("reason", reason))
                .register(registry)
                .increment(seconds);
    }

    /**
     * Adds to where the time of a run's lanes went.
     *
     * @param working seconds in batches and between them
     * @param paced seconds of rest between batches
     * @param held seconds of waiting for something to be over
     */
    public void recordTime(String job, String database, double working, double paced, double held) {
        Batches b = batches(job, database);
        b.working.increment(working);
        b.paced.increment(paced);
        b.held.increment(held);
    }

    /**
     * Shows these readings, at most one a job and database, from now on, in place of the last ones.
     *
     * @param readings of every job this worker reports; jobs that are missing lose their gauges
     */
    public void report(Collection<RunReading> readings) {
        readings.forEach(r -> prepare(r.job(), r.database()));
        gauges.show(readings);
    }

    /** Shows what the signals say to the lanes that this worker carries, in place of what they said before. */
    public void reportSignals(Collection<SignalReading> readings) {
        signals.show(readings);
    }

    /** Has the counters of a job there, at 0, before they first move: a rate needs the step from it. */
    public void prepare(String job, String database) {
        batches(job, database);
    }

    private Batches batches(String job, String database) {
        return batches.computeIfAbsent(new Target(job, database), t -> new Batches(registry, tags(job, database)));
    }

    private Counter counter(String name, String description, String key, String value, String job, String database) {
        return Counter.builder(name)
                .description(description)
                .tags(tags(job, database).and(key, value))
                .register(registry);
    }

    static Tags tags(String job, String database) {
        return Tags.of("job", job, "database", database);
    }

    private record Target(String job, String database) {}

    /** What each batch moves. */
    private static final class Batches {
        private final Counter scanned;
        private final Counter changed;
        private final Counter unchanged;
        private final Counter collapsed;
        private final Counter count;
        private final Timer seconds;
        private final Counter working;
        private final Counter paced;
        private final Counter held;

        Batches(MeterRegistry registry, Tags tags) {
            scanned = Counter.builder("sluice.rows.scanned")
                    .description("Keys walked by committed batches, in every pass")
                    .tags(tags)
                    .register(registry);
            changed = Counter.builder("sluice.rows.changed")
                    .description("Rows changed by committed batches")
                    .tags(tags)
                    .register(registry);
            unchanged = Counter.builder("sluice.rows.unchanged")
                    .description("Rows that had to change and did not, though they are still there")
                    .tags(tags)
                    .register(registry);
            collapsed = Counter.builder("sluice.rows.collapsed")
                    .description("Source rows of an insert that gave no row of their own")
                    .tags(tags)
                    .register(registry);
            count = Counter.builder("sluice.batches")
                    .description("Batches committed")
                    .tags(tags)
                    .register(registry);
            working = time(registry, tags, "working", "Time of carried lanes in batches and between them");
            paced = time(registry, tags, "paced", "Time of carried lanes that they rested between batches");
            held = time(registry, tags, "held", "Time of carried lanes that they waited for something to be over");
            seconds = Timer.builder("sluice.batch")
                    .description("Time from sending a batch to its answer")
                    .tags(tags)
                    .serviceLevelObjectives(BUCKETS)
                    .register(registry);
        }

        private static Counter time(MeterRegistry registry, Tags tags, String on, String description) {
            return Counter.builder("sluice." + on)
                    .baseUnit("seconds")
                    .description(description)
                    .tags(tags)
                    .register(registry);
        }
    }
}
