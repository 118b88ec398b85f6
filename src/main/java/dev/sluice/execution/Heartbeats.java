package dev.sluice.execution;

import dev.sluice.database.SqlFailure;
import dev.sluice.metrics.RunMeters;
import dev.sluice.metrics.SignalReading;
import dev.sluice.run.Json;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.StopTable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a sign of life for every lane this worker carries, also while it is held. */
final class Heartbeats implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeats.class);

    private final LaneTable table;
    private final RunMeters meters;
    private final StopTable stops;
    private final String carrier;
    private final Duration takeover;
    private final Map<LaneId, Vitals> carried = new ConcurrentHashMap<>();
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("heartbeat").daemon().factory());
    private boolean silent;

    Heartbeats(LaneTable table, StopTable stops, RunMeters meters, String carrier, Duration every, Duration takeover) {
        this.table = table;
        this.stops = stops;
        this.meters = meters;
        this.carrier = carrier;
        this.takeover = takeover;
        var unused = executor.scheduleWithFixedDelay(
                this::beatAll, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    }

    void add(Vitals vitals) {
        carried.put(vitals.lane(), vitals);
    }

    void remove(Vitals vitals) {
        carried.remove(vitals.lane(), vitals);
    }

    private void beatAll() {
        for (Vitals vitals : carried.values()) {
            try {
                beat(vitals);
                silent = false;
            } catch (RuntimeException e) {
                // the lane itself finds out and holds; here it is said once per outage
                if (!silent) {
                    LOG.warn(
                            "no heartbeat can be written: {}",
                            SqlFailure.in(e).map(SqlFailure::toString).orElse(String.valueOf(e.getMessage())));
                }
                silent = true;
            }
        }
        try {
            showSignals();
        } catch (RuntimeException e) {
            LOG.warn("the signals cannot be shown: {}", String.valueOf(e.getMessage()));
        }
    }

    private void showSignals() {
        meters.reportSignals(carried.values().stream()
                .flatMap(v -> v.verdicts().stream()
                        .map(s ->
                                new SignalReading(v.job(), v.database(), s.code(), s.value(), s.limit(), s.pressure())))
                .toList());
    }

    /** Writes one now, and learns whether all runs are stopped, and how many lanes share the rates. */
    void beat(Vitals vitals) {
        if (!table.beat(
                vitals.lane(),
                carrier,
                vitals.rate(),
                vitals.nextBatch(),
                vitals.stripes(),
                vitals.pace(),
                Json.write(vitals.limit()))) {
            vitals.lose();
            return;
        }
        vitals.stopNoted(stops.read().isPresent());
        vitals.shares(table.alive(vitals.run(), takeover));
        tellTime(vitals);
    }

    /** Tells where the lane's time went since this was told last, in the status and the meters. */
    void tellTime(Vitals vitals) {
        TimeSpent.Seconds spent = vitals.spent().take();
        try {
            table.spent(vitals.run(), spent.working(), spent.paced(), spent.held());
        } catch (RuntimeException e) {
            vitals.spent().giveBack(spent);
            throw e;
        }
        meters.recordTime(vitals.job(), vitals.database(), spent.working(), spent.paced(), spent.held());
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
