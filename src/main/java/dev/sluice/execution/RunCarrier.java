package dev.sluice.execution;

import dev.sluice.checkpoint.Claims;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.LiveLimits;
import dev.sluice.run.Preparation;
import dev.sluice.run.RunStatus;
import dev.sluice.run.RunTable;
import dev.sluice.run.StopTable;
import dev.sluice.run.StoredRuns;
import dev.sluice.throttle.Throttle;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** {@link Carrier} of one worker: takes a lane, carries it, and gives it back when asked to stop. */
public final class RunCarrier implements Carrier, LiveLimits, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunCarrier.class);

    private final RunEnvironment world;
    private final RunTable table;
    private final LaneTable lanes;
    private final StopTable stops;
    private final String carrier;
    private final Heartbeats heartbeats;
    private final Seams seams = new Seams();

    public RunCarrier(RunEnvironment world) {
        this.world = world;
        this.table = new RunTable(world.databases().control());
        this.lanes = new LaneTable(world.databases().control());
        this.stops = new StopTable(world.databases().control());
        // a worker that was restarted under the same name is another carrier
        this.carrier = world.worker() + "#" + UUID.randomUUID().toString().substring(0, 8);
        this.heartbeats = new Heartbeats(lanes, stops, world.meters(), carrier, world.heartbeat(), world.takeover());
    }

    @Override
    public void carry(LaneId lane) throws InterruptedException {
        Optional<RunRecord> row = table.find(lane.run());
        if (row.isEmpty() || !lanes.take(lane, carrier)) {
            return;
        }
        Vitals vitals = new Vitals(lane, row.get().getJob(), row.get().getDatabase(), world.time());
        heartbeats.add(vitals);
        boolean ended = false;
        try (Rates rates = Rates.of(world, row.get(), vitals);
                MDC.MDCCloseable ignored = MDC.putCloseable("run", lane.run().toString())) {
            carry(row.get(), vitals, rates);
            ended = true;
        } catch (Stop stop) {
            LOG.info(
                    "lane {} of run {} of {} is left: {}",
                    lane.lane(),
                    lane.run(),
                    row.get().getJob(),
                    reason(stop));
            ended = stop.reason() == Stop.Reason.NOT_WANTED;
        } finally {
            heartbeats.remove(vitals);
            leave(vitals, ended);
        }
    }

    private void carry(RunRecord row, Vitals vitals, Rates rates) throws Stop, InterruptedException {
        UUID run = row.getId();
        LaneId lane = vitals.lane();
        Persistence persistence = new Persistence(world.retries(), world.meters(), world.time(), vitals);
        Ending ending = new Ending(table, world.databases(), persistence, world.worker(), carrier);
        LOG.info(
                "lane {} of run {} of {} is carried by {}, state {}",
                lane.lane(),
                run,
                row.getJob(),
                carrier,
                row.getState());
        try {
            Job job = StoredRuns.definition(row);
            persistence.insist("schema", () -> {
                world.databases().get(job.database()).requireReleased();
                return true;
            });
            if (row.getStartedAt() == null && lane.conducts()) {
                preflight(job, persistence);
            } else {
                IdentityCheck.of(
                        row,
                        persistence.insist(
                                "identity",
                                () -> world.databases().get(job.database()).identity()));
            }
            if (lane.conducts()) {
                ending.heal(run);
            }
            Preparation prepared = persistence.insist("preparation", () -> Preparation.of(world.databases(), job, run));
            persistence.insist("checkpoint", () -> {
                new Claims(prepared.database(), run, lane.lane(), carrier).assume();
                return true;
            });
            persistence.insist("state", () -> {
                heartbeats.beat(vitals);
                return true;
            });
            if (vitals.isLost()) {
                throw new Stop(Stop.Reason.FENCED); // it was frozen between the two: whoever has the lane takes it anew
            }
            try (Throttle throttle = world.throttles().open(job, prepared.into().orElse(prepared.facts()))) {
                carry(
                        row,
                        vitals,
                        persistence,
                        ending,
                        prepared,
                        new Admission(
                                new StopAll(stops, prepared.database(), vitals, persistence, world.time()),
                                throttle,
                                rates,
                                vitals,
                                persistence,
                                world.steps(),
                                world.time()));
            }
        } catch (RunFailed failed) {
            LOG.error(
                    "run {} of {} failed: {}",
                    run,
                    row.getJob(),
                    failed.failure().message());
            ending.fail(run, failed.failure());
        }
    }

    private void carry(
            RunRecord row,
            Vitals vitals,
            Persistence persistence,
            Ending ending,
            Preparation prepared,
            Admission admission)
            throws Stop, RunFailed, InterruptedException {
        UUID run = row.getId();
        PassWalk walk = new PassWalk(
                prepared,
                new Partitions(
                        prepared.database(),
                        prepared.rows(),
                        new LeafWatch(prepared, world.databases(), Actor.worker(world.worker()), row),
                        lanes,
                        world.offers(),
                        vitals,
                        carrier,
                        world.takeover()),
                new IdentityCheck(table, run, prepared.database()),
                vitals,
                persistence,
                admission,
                seams.lane(run),
                world.meters(),
                world.time());
        if (vitals.lane().conducts()) {
            var end = new Carriage(
                            world,
                            run,
                            persistence,
                            new PassBeginning(table, persistence, world.time(), prepared),
                            walk,
                            ending)
                    .carry();
            LOG.info("run {} of {} ended: {}", run, row.getJob(), end.code());
        } else {
            new SideLane(table, vitals, persistence, prepared, walk).walk();
        }
    }

    private void preflight(Job job, Persistence persistence) throws Stop, RunFailed, InterruptedException {
        List<PlanReport.Finding> refusals = persistence
                .insist("preflight", () -> world.preflight().check(job))
                .stream()
                .filter(f -> f.level().equals("refuse"))
                .toList();
        if (!refusals.isEmpty()) {
            String all = refusals.stream()
                    .map(f -> f.key() + ": " + f.message() + " Fix: " + f.fix())
                    .collect(Collectors.joining(" "));
            throw new RunFailed(new RunStatus.Failure("preflight-refused", all, null, null, null, null));
        }
    }

    private static String reason(Stop stop) {
        return switch (stop.reason()) {
            case NOT_WANTED -> "the run is not wanted running";
            case FENCED -> "the run ended meanwhile, or another worker has the lane; this one changes nothing more";
        };
    }

    /** A side lane whose work is over goes; every other one is given back. */
    private void leave(Vitals vitals, boolean ended) {
        LaneId lane = vitals.lane();
        boolean interrupted = Thread.interrupted(); // the pool refuses interrupted threads
        try {
            heartbeats.tellTime(vitals);
            if (ended && !lane.conducts()) {
                lanes.close(lane, carrier);
            } else {
                lanes.giveBack(lane, carrier);
            }
        } catch (RuntimeException e) {
            LOG.warn("lane {} could not be given back; another worker takes it after the takeover time", lane);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What this worker no longer does for the lanes it carries, for anybody to read; empty where all is done. */
    public Optional<String> lost() {
        return heartbeats.lost();
    }

    @Override
    public Optional<Known> of(LaneId lane, @Nullable String by) {
        return carrier.equals(by) ? heartbeats.of(lane).map(v -> new Known(v.limit())) : Optional.empty();
    }

    @Override
    public void close() {
        heartbeats.close();
    }
}
