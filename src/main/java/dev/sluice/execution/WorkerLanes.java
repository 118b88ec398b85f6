package dev.sluice.execution;

import dev.sluice.checkpoint.Claims;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.LiveLimits;
import dev.sluice.run.ResolvedJob;
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

/** {@link LaneRunner} of one worker: takes a lane, carries it, and gives it back when asked to stop. */
public final class WorkerLanes implements LaneRunner, LiveLimits, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerLanes.class);

    private final RunEnvironment world;
    private final RunTable table;
    private final LaneTable lanes;
    private final StopTable stops;
    private final String owner;
    private final Heartbeats heartbeats;
    private final Seams seams = new Seams();

    public WorkerLanes(RunEnvironment world) {
        this.world = world;
        this.table = new RunTable(world.databases().control());
        this.lanes = new LaneTable(world.databases().control());
        this.stops = new StopTable(world.databases().control());
        // a worker that was restarted under the same name is another carrier
        this.owner = world.worker() + "#" + UUID.randomUUID().toString().substring(0, 8);
        this.heartbeats = new Heartbeats(lanes, stops, world.meters(), owner, world.heartbeat(), world.takeover());
    }

    @Override
    public void execute(LaneId lane) throws InterruptedException {
        Optional<RunRecord> row = table.find(lane.run());
        if (row.isEmpty() || !lanes.take(lane, owner)) {
            return;
        }
        LaneStatus laneStatus =
                new LaneStatus(lane, row.get().getJob(), row.get().getDatabase(), world.time());
        heartbeats.add(laneStatus);
        boolean ended = false;
        try (Rates rates = Rates.of(world, row.get(), laneStatus);
                MDC.MDCCloseable ignored = MDC.putCloseable("run", lane.run().toString())) {
            execute(row.get(), laneStatus, rates);
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
            heartbeats.remove(laneStatus);
            leave(laneStatus, ended);
        }
    }

    private void execute(RunRecord row, LaneStatus laneStatus, Rates rates) throws Stop, InterruptedException {
        UUID run = row.getId();
        LaneId lane = laneStatus.lane();
        RetryLoop retryLoop = new RetryLoop(world.retries(), world.meters(), world.time(), laneStatus);
        RunEnding ending = new RunEnding(table, world.databases(), retryLoop, world.worker(), owner);
        LOG.info(
                "lane {} of run {} of {} is carried by {}, state {}",
                lane.lane(),
                run,
                row.getJob(),
                owner,
                row.getState());
        try {
            Job job = StoredRuns.definition(row);
            retryLoop.insist("schema", () -> {
                world.databases().get(job.database()).requireReleased();
                return true;
            });
            if (row.getStartedAt() == null && lane.conducts()) {
                preflight(job, retryLoop);
            } else {
                IdentityCheck.of(
                        row,
                        retryLoop.insist(
                                "identity",
                                () -> world.databases().get(job.database()).identity()));
            }
            if (lane.conducts()) {
                ending.heal(run);
            }
            ResolvedJob resolved = retryLoop.insist("preparation", () -> ResolvedJob.of(world.databases(), job, run));
            retryLoop.insist("checkpoint", () -> {
                new Claims(resolved.database(), run, lane.lane(), owner).assume();
                return true;
            });
            retryLoop.insist("state", () -> {
                heartbeats.beat(laneStatus);
                return true;
            });
            if (laneStatus.isLost()) {
                throw new Stop(Stop.Reason.FENCED); // it was frozen between the two: whoever has the lane takes it anew
            }
            try (Throttle throttle = world.throttles().open(job, resolved.into().orElse(resolved.facts()))) {
                execute(
                        row,
                        laneStatus,
                        retryLoop,
                        ending,
                        resolved,
                        new BatchGate(
                                new StopAll(stops, resolved.database(), laneStatus, retryLoop, world.time()),
                                throttle,
                                rates,
                                laneStatus,
                                retryLoop,
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

    private void execute(
            RunRecord row,
            LaneStatus laneStatus,
            RetryLoop retryLoop,
            RunEnding ending,
            ResolvedJob resolved,
            BatchGate batchGate)
            throws Stop, RunFailed, InterruptedException {
        UUID run = row.getId();
        PassWalk walk = new PassWalk(
                new LaneContext(resolved, laneStatus, retryLoop, batchGate, world.meters(), world.time()),
                new Partitions(
                        resolved.database(),
                        resolved.rows(),
                        new LeafWatch(resolved, world.databases(), Actor.worker(world.worker()), row),
                        lanes,
                        world.offers(),
                        laneStatus,
                        owner,
                        world.takeover()),
                new IdentityCheck(table, run, resolved.database()),
                seams.lane(run));
        if (laneStatus.lane().conducts()) {
            var end = new RunConductor(
                            world,
                            run,
                            retryLoop,
                            new PassBeginning(table, retryLoop, world.time(), resolved),
                            walk,
                            ending)
                    .execute();
            LOG.info("run {} of {} ended: {}", run, row.getJob(), end.code());
        } else {
            new SideLane(table, laneStatus, retryLoop, resolved, walk).walk();
        }
    }

    private void preflight(Job job, RetryLoop retryLoop) throws Stop, RunFailed, InterruptedException {
        List<PlanReport.Finding> refusals = retryLoop
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
    private void leave(LaneStatus laneStatus, boolean ended) {
        LaneId lane = laneStatus.lane();
        boolean interrupted = Thread.interrupted(); // the pool refuses interrupted threads
        try {
            heartbeats.tellTime(laneStatus);
            if (ended && !lane.conducts()) {
                lanes.close(lane, owner);
            } else {
                lanes.giveBack(lane, owner);
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
        return owner.equals(by) ? heartbeats.of(lane).map(v -> new Known(v.limit())) : Optional.empty();
    }

    @Override
    public void close() {
        heartbeats.close();
    }
}
