package dev.sluice.execution;

import dev.sluice.metrics.RunMeters;
import dev.sluice.metrics.SignalReading;
import dev.sluice.resilience.PeriodicWork;
import dev.sluice.run.JsonColumn;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.StopTable;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Writes a sign of life for every lane this worker carries, also while it is held. */
final class Heartbeats implements AutoCloseable {
    private final LaneTable table;
    private final RunMeters meters;
    private final StopTable stops;
    private final String owner;
    private final Duration takeover;
    private final Map<LaneId, LaneStatus> carried = new ConcurrentHashMap<>();
    private final PeriodicWork work = new PeriodicWork("heartbeat");

    Heartbeats(LaneTable table, StopTable stops, RunMeters meters, String owner, Duration every, Duration takeover) {
        this.table = table;
        this.stops = stops;
        this.meters = meters;
        this.owner = owner;
        this.takeover = takeover;
        work.every(every, every, "heartbeats of lanes", this::beatAll);
        work.every(every, every, "signals for the meters", this::showSignals);
    }

    void add(LaneStatus laneStatus) {
        carried.put(laneStatus.lane(), laneStatus);
    }

    /** Of a lane that this worker carries. */
    Optional<LaneStatus> of(LaneId lane) {
        return Optional.ofNullable(carried.get(lane));
    }

    void remove(LaneStatus laneStatus) {
        carried.remove(laneStatus.lane(), laneStatus);
    }

    /** Of each lane, whatever becomes of the others'; a lane that has none finds out by itself, and holds. */
    private void beatAll() {
        Optional<Runnable> failed = Optional.empty();
        for (LaneStatus laneStatus : carried.values()) {
            try {
                beat(laneStatus);
            } catch (RuntimeException e) {
                failed = failed.or(() -> Optional.of(() -> {
                    throw e;
                }));
            } catch (Error e) {
                failed = Optional.of(() -> {
                    throw e;
                });
            }
        }
        failed.ifPresent(Runnable::run);
    }

    private void showSignals() {
        meters.reportSignals(carried.values().stream()
                .flatMap(v -> v.verdicts().stream()
                        .map(s ->
                                new SignalReading(v.job(), v.database(), s.code(), s.value(), s.limit(), s.pressure())))
                .toList());
    }

    /** Writes one now, and learns whether all runs are stopped, and how many lanes share the rates. */
    void beat(LaneStatus laneStatus) {
        if (!table.beat(
                laneStatus.lane(),
                owner,
                laneStatus.rate(),
                laneStatus.nextBatch(),
                laneStatus.stripes(),
                laneStatus.pace(),
                JsonColumn.write(laneStatus.limit()))) {
            laneStatus.lose();
            return;
        }
        laneStatus.stopNoted(stops.read().isPresent());
        laneStatus.shares(table.alive(laneStatus.run(), takeover));
        tellTime(laneStatus);
    }

    /** Tells where the lane's time went since this was told last, in the status and the meters. */
    void tellTime(LaneStatus laneStatus) {
        TimeSpent.Seconds spent = laneStatus.spent().take();
        try {
            table.spent(laneStatus.run(), spent.working(), spent.paced(), spent.held());
        } catch (RuntimeException e) {
            laneStatus.spent().giveBack(spent);
            throw e;
        }
        meters.recordTime(laneStatus.job(), laneStatus.database(), spent.working(), spent.paced(), spent.held());
    }

    /** What of this is no longer done. */
    Optional<String> lost() {
        return work.lost();
    }

    @Override
    public void close() {
        work.close();
    }
}
