package dev.sluice.execution;

import dev.sluice.batch.BatchRequest;
import dev.sluice.batch.Batches;
import dev.sluice.batch.Outcome;
import dev.sluice.batch.Sizing;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.metrics.RunMeters;
import dev.sluice.resilience.Retries;
import dev.sluice.run.GateInput;
import dev.sluice.run.LaneTable;
import dev.sluice.run.ResolvedJob;
import dev.sluice.run.RunStatus;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Takes a lane through the partitions of a pass, batch by batch. */
final class PassWalk {
    /** While other lanes walk the last partitions. */
    private static final Duration OTHERS_ASKED_EVERY = Duration.ofMillis(200);
    /**
     * A batch waits for its neighbours for this part of its length at most: lanes of one run differ by less, and others
     * are not worth it.
     */
    private static final int WORTH_A_WAIT = 4;
    /** At most, so every 5 s. */
    private static final int LOOKS_BEFORE_HELP = 25;

    private final ResolvedJob resolved;
    private final Partitions partitions;
    private final IdentityCheck identity;
    private final LaneStatus laneStatus;
    private final RetryLoop retryLoop;
    private final BatchGate batchGate;
    private final Seams.Lane seam;
    private final RunMeters meters;
    private final Time time;
    private final Checkpoints checkpoints;
    private final double rest;
    private @Nullable Batches begun;
    private int lastPass = -1;
    private final BatchSizes sizes;
    private long lastCommit;
    private Duration lastBatch = Duration.ZERO;

    PassWalk(
            ResolvedJob resolved,
            Partitions partitions,
            IdentityCheck identity,
            LaneStatus laneStatus,
            RetryLoop retryLoop,
            BatchGate batchGate,
            Seams.Lane seam,
            RunMeters meters,
            Time time) {
        this(resolved, partitions, identity, laneStatus, retryLoop, batchGate, seam, meters, time, 0);
    }

    private PassWalk(
            ResolvedJob resolved,
            Partitions partitions,
            IdentityCheck identity,
            LaneStatus laneStatus,
            RetryLoop retryLoop,
            BatchGate batchGate,
            Seams.Lane seam,
            RunMeters meters,
            Time time,
            double rest) {
        this.resolved = resolved;
        this.partitions = partitions;
        this.identity = identity;
        this.laneStatus = laneStatus;
        this.retryLoop = retryLoop;
        this.batchGate = batchGate;
        this.seam = seam;
        this.meters = meters;
        this.time = time;
        this.rest = rest;
        this.sizes = new BatchSizes(resolved, laneStatus, retryLoop, batchGate);
        this.checkpoints = new Checkpoints(resolved.database());
    }

    /**
     * The same, resting {@value GateInput#RENEWAL_REST} times as long as it works, and with the job's budget of cores.
     */
    PassWalk gently() {
        return new PassWalk(
                resolved,
                partitions,
                identity,
                laneStatus,
                retryLoop,
                batchGate,
                seam,
                meters,
                time,
                GateInput.RENEWAL_REST);
    }

    /** What holds this walk while all runs are stopped. */
    StopAll stopAll() {
        return batchGate.stopAll();
    }

    /**
     * Walks what is left of the pass, together with the side lanes, which it opens; returns when every partition is
     * done.
     *
     * @param lanes that may walk at the same time, at least 1
     * @throws Stop when the run is not wanted running any more, or another worker has this lane
     */
    void walk(int pass, PassWork work, int lanes) throws Stop, RunFailed, InterruptedException {
        retryLoop.insist("checkpoint", () -> {
            partitions.openLanes(IntStream.range(1, lanes).boxed().toList());
            return true;
        });
        walkAll(pass, work);
        while (!retryLoop.insist("checkpoint", () -> checkpoints.finish(laneStatus.run(), pass))) {
            // a crash of the server has taken the last batches back, or the pass itself
            batchGate.requireWanted();
            if (retryLoop
                    .insist("checkpoint", () -> checkpoints.pass(laneStatus.run(), pass))
                    .isEmpty()) {
                throw new RunFailed(Failures.checkpointGone(new PartitionId(laneStatus.run(), pass, 0)));
            }
            walkAll(pass, work);
        }
        retryLoop.insist("checkpoint", () -> {
            partitions.closeLanes();
            return true;
        });
    }

    /** Until every partition is done; what no lane carries is walked here. */
    private void walkAll(int pass, PassWork work) throws Stop, RunFailed, InterruptedException {
        help(pass, work);
        int looks = 0;
        int until = 1;
        while (true) {
            Partitions.Left left = retryLoop.insist("checkpoint", () -> partitions.gather(pass));
            if (left == Partitions.Left.NONE) {
                retryLoop.rested(); // nobody is waited for any more
                return;
            }
            batchGate.requireWanted();
            retryLoop.rest(
                    new RunStatus.Limit(LaneTable.WAITS, "waiting for the run's other lanes", null, null, time.now()),
                    OTHERS_ASKED_EVERY);
            // to look for a half costs more than to ask whether others are done
            if (left == Partitions.Left.MINE || ++looks >= until) {
                looks = 0;
                until = help(pass, work) ? 1 : Math.min(2 * until, LOOKS_BEFORE_HELP);
            }
        }
    }

    /**
     * Walks partitions as long as there is one for this lane.
     *
     * @return whether there was any
     */
    boolean help(int pass, PassWork work) throws Stop, RunFailed, InterruptedException {
        Batches batches = begun;
        if (batches == null || pass != lastPass) {
            lastPass = pass;
            laneStatus.newPass();
            sizes.forget();
            batches = new Batches(resolved.rows(), work.work(), work.facts());
            begun = batches;
            retryLoop.insist("checkpoint", () -> {
                partitions.takeOver(pass);
                return true;
            });
        }
        for (boolean any = false; ; any = true) {
            Optional<Claim> next = retryLoop.insist("checkpoint", () -> partitions.next(pass, work.facts()));
            if (next.isEmpty()) {
                laneStatus.idle();
                return any;
            }
            walk(next.get(), batches, work);
        }
    }

    private void walk(Claim first, Batches batches, PassWork work) throws Stop, RunFailed, InterruptedException {
        TableFacts facts = work.facts();
        Claim claim = first;
        if (!claim.key().equals(facts.keyColumns())) {
            throw new RunFailed(Failures.keyChanged(claim.key(), facts));
        }
        Sizing sizing = sizes.first(claim, work);
        Retries.Attempt attempt = retryLoop.begin("batch");
        RowSearch search = new RowSearch(resolved, batches, facts, batchGate, time);
        lastCommit = time.nanos();
        while (true) {
            boolean begins = batchGate.await(rest > 0 ? claim.tuning().withJobsCores() : claim.tuning());
            identity.again(retryLoop);
            sizing = sizes.tuned(sizing, claim.tuning());
            BatchRequest request = search.ask(sizing.ask(batchGate.rates().rowsASecond()));
            laneStatus.next(sizing.size().size(), request.stripes());
            long ready = time.nanos();
            if (Math.max(request.stripes(), claim.position().stripes()) > 1) {
                seam.awaitOlder(lastCommit, lastBatch.dividedBy(WORTH_A_WAIT));
            }
            long begin = time.nanos();
            try {
                switch (begins && !batchGate.stopAll().isNoted()
                        ? commit(batches, claim, request, begin)
                        : new Outcome.Refused()) {
                    case Outcome.Committed c -> {
                        attempt.succeeded();
                        retryLoop.released();
                        double elapsed = committed(c, begin);
                        double seconds = Math.min(elapsed, c.serverSeconds());
                        double waited = (begin - ready) / 1e9 + elapsed - seconds;
                        double target = batchGate.batchSeconds(c.tuning());
                        if (search.passed(c)) {
                            sizing = search.isOn() ? sizing : sizing.halved();
                        } else {
                            sizing =
                                    sizing.after(claim.position(), claim.tuning(), request, c, target, seconds, waited);
                            sizes.keep(sizing);
                        }
                        claim = claim.at(c.position()).with(c.tuning());
                        if (c.last()) {
                            return;
                        }
                        rest(time.nanos() - begin);
                    }
                    case Outcome.Refused ignored -> {
                        search.reset();
                        retryLoop.doubt();
                        identity.again(retryLoop);
                        PartitionId id = claim.id();
                        Optional<Claim> next = retryLoop.insist("checkpoint", () -> partitions.again(id, facts));
                        if (next.isEmpty()) {
                            retryLoop.released();
                            return;
                        }
                        claim = next.get();
                        batchGate.refused();
                    }
                }
            } catch (SQLException e) {
                SqlFailure failure = RetryLoop.failure(e);
                Claim failed = claim;
                Optional<Claim> found = failure.noSuchRelation()
                        ? retryLoop.insist("checkpoint", () -> partitions.again(failed.id(), facts))
                        : Optional.of(failed);
                if (found.isEmpty()) {
                    retryLoop.released();
                    return; // the leaf is gone
                }
                if (!found.get().relation().equals(failed.relation())) {
                    claim = found.get(); // it has another name now
                    continue;
                }
                if (failure.kind() == ErrorKind.TIMEOUT) {
                    sizing = sizing.halved(request);
                    claim = retryLoop.insist("checkpoint", () -> partitions.finer(failed, failure));
                }
                Optional<FailedBatch> batch = search.failed(failure, claim, request, attempt);
                if (batch.isPresent()) {
                    retryLoop.waitAfter(attempt, failure, e, batch.get());
                } else {
                    retryLoop.triesAgain(failure);
                }
            }
        }
    }

    private Outcome commit(Batches batches, Claim claim, BatchRequest request, long begin) throws SQLException {
        seam.begins(begin);
        batchGate.begins();
        double seconds = 0;
        try {
            Outcome outcome = batches.commit(claim, request);
            seconds = outcome instanceof Outcome.Committed c ? c.serverSeconds() : 0;
            return outcome;
        } finally {
            seam.ends();
            batchGate.ends(seconds);
        }
    }

    private void rest(long worked) throws Stop, InterruptedException {
        if (rest > 0) {
            batchGate.isLimitedElsewhere();
            retryLoop.rest(
                    new RunStatus.Limit("verification-pace", "verifying again, gently", null, null, time.now()),
                    Duration.ofNanos((long) (worked * rest)));
        }
    }

    /** Tells of a batch; the seconds it took. */
    private double committed(Outcome.Committed c, long begin) throws RunFailed {
        long now = time.nanos();
        double seconds = (now - begin) / 1e9;
        meters.recordBatch(
                resolved.job().name(), resolved.job().database(), c.scanned(), c.changed(), c.left(), seconds);
        laneStatus.progressed(
                c.scanned(),
                Duration.ofNanos(now - lastCommit),
                batchGate.rates().rows());
        lastCommit = now;
        lastBatch = Duration.ofNanos(now - begin);
        batchGate.worked(c);
        if (!c.changedSettings().isEmpty()) {
            throw new RunFailed(Failures.settingsChanged(c.changedSettings()));
        }
        return seconds;
    }
}
