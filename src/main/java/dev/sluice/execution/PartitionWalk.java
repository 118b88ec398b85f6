package dev.sluice.execution;

import dev.sluice.batch.BatchRequest;
import dev.sluice.batch.Batches;
import dev.sluice.batch.Outcome;
import dev.sluice.batch.Sizing;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.resilience.Retries;
import dev.sluice.run.RunStatus;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** Walks partitions of a pass, one after the other, batch by batch. */
final class PartitionWalk {
    /**
     * A batch waits for its neighbours for this part of its length at most: lanes of one run differ by less, and others
     * are not worth it.
     */
    private static final int WORTH_A_WAIT = 4;

    private final LaneContext lane;
    private final Partitions partitions;
    private final IdentityCheck identity;
    private final Seams.Lane seam;
    private final double rest;
    private final Batches batches;
    private final PassWork work;
    private final TableFacts facts;
    private final BatchGate batchGate;
    private final RetryLoop retryLoop;
    private final Time time;
    private final BatchSizes sizes;
    private long lastCommit;
    private Duration lastBatch = Duration.ZERO;

    /** @param rest how many times as long as it works a gentle walk rests; 0 for any other */
    PartitionWalk(
            LaneContext lane,
            Partitions partitions,
            IdentityCheck identity,
            Seams.Lane seam,
            double rest,
            Batches batches,
            PassWork work) {
        this.lane = lane;
        this.partitions = partitions;
        this.identity = identity;
        this.seam = seam;
        this.rest = rest;
        this.batches = batches;
        this.work = work;
        this.facts = work.facts();
        this.batchGate = lane.batchGate();
        this.retryLoop = lane.retryLoop();
        this.time = lane.time();
        this.sizes = new BatchSizes(lane);
    }

    /**
     * Walks a partition to its end, or until it is no partition of the table any more.
     *
     * @throws Stop when the run is not wanted running, or another worker has the lane
     */
    void walk(Claim first) throws Stop, RunFailed, InterruptedException {
        if (!first.key().equals(facts.keyColumns())) {
            throw new RunFailed(Failures.keyChanged(first.key(), facts));
        }
        lastCommit = time.nanos();
        OnePartition partition = new OnePartition(first);
        Optional<Claim> claim = Optional.of(first);
        while (claim.isPresent()) {
            claim = switch (batchGate.await(tuning(claim.get()))) {
                case GO -> partition.batch(claim.get());
                case RECHECK -> partition.recheck(claim.get().id());
            };
        }
    }

    private Tuning tuning(Claim claim) {
        return rest > 0 ? claim.tuning().withJobsCores() : claim.tuning();
    }

    /**
     * What is known of the partition that is being walked. Each step gives the claim to go on with; none at the end.
     */
    private final class OnePartition {
        private final Retries.Attempt attempt = retryLoop.begin("batch");
        private final RowSearch search = new RowSearch(lane, batches, facts);
        private Sizing sizing;

        OnePartition(Claim first) throws Stop, RunFailed, InterruptedException {
            sizing = sizes.first(first, work);
        }

        Optional<Claim> batch(Claim claim) throws Stop, RunFailed, InterruptedException {
            identity.again(retryLoop);
            sizing = sizes.tuned(sizing, claim.tuning());
            BatchRequest request =
                    search.request(sizing.request(batchGate.rates().rowsASecond()));
            lane.status().next(sizing.size().size(), request.stripes());
            long ready = time.nanos();
            if (Math.max(request.stripes(), claim.position().stripes()) > 1) {
                seam.awaitOlder(lastCommit, lastBatch.dividedBy(WORTH_A_WAIT));
                if (batchGate.stopAll().isNoted()) {
                    return recheck(claim.id());
                }
            }
            long begin = time.nanos();
            try {
                return switch (commit(claim, request, begin)) {
                    case Outcome.Committed done -> committed(claim, request, done, ready, begin);
                    case Outcome.Refused ignored -> recheck(claim.id());
                };
            } catch (SQLException e) {
                return failed(claim, request, e);
            }
        }

        private Optional<Claim> committed(
                Claim claim, BatchRequest request, Outcome.Committed c, long ready, long begin)
                throws Stop, RunFailed, InterruptedException {
            attempt.succeeded();
            retryLoop.waits().released();
            double elapsed = record(c, begin);
            double seconds = Math.min(elapsed, c.serverSeconds());
            double waited = (begin - ready) / 1e9 + elapsed - seconds;
            double target = batchGate.batchSeconds(c.tuning());
            if (search.passed(c)) {
                sizing = search.isOn() ? sizing : sizing.halved();
            } else {
                sizing = sizing.after(claim.position(), claim.tuning(), request, c, target, seconds, waited);
                sizes.keep(sizing);
            }
            if (c.last()) {
                return Optional.empty();
            }
            rest(time.nanos() - begin);
            return Optional.of(claim.at(c.position()).with(c.tuning()));
        }

        /**
         * Reads what the checkpoint says: it does not say what it did any more, or what it says may not be done now.
         */
        Optional<Claim> recheck(PartitionId id) throws Stop, RunFailed, InterruptedException {
            search.reset();
            retryLoop.doubt();
            identity.again(retryLoop);
            Optional<Claim> next = retryLoop.insist("checkpoint", () -> partitions.again(id, facts));
            if (next.isEmpty()) {
                retryLoop.waits().released();
            } else {
                batchGate.refused();
            }
            return next;
        }

        private Optional<Claim> failed(Claim claim, BatchRequest request, SQLException e)
                throws Stop, RunFailed, InterruptedException {
            SqlFailure failure = RetryLoop.failure(e);
            if (failure.noSuchRelation()) {
                Optional<Claim> found = retryLoop.insist("checkpoint", () -> partitions.again(claim.id(), facts));
                if (found.isEmpty()) {
                    retryLoop.waits().released(); // the leaf is gone
                    return found;
                }
                if (!found.get().relation().equals(claim.relation())) {
                    return found; // it has another name now
                }
            }
            Claim next = claim;
            if (failure.kind() == ErrorKind.TIMEOUT) {
                sizing = sizing.halved(request);
                next = retryLoop.insist("checkpoint", () -> partitions.finer(claim, failure));
            }
            Optional<FailedBatch> batch = search.failed(failure, next, request, attempt);
            if (batch.isPresent()) {
                retryLoop.waitAfter(attempt, failure, e, batch.get());
            } else {
                retryLoop.triesAgain(failure);
            }
            return Optional.of(next);
        }
    }

    private Outcome commit(Claim claim, BatchRequest request, long begin) throws SQLException {
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
            retryLoop
                    .waits()
                    .rest(
                            new RunStatus.Limit("verification-pace", "verifying again, gently", null, null, time.now()),
                            Duration.ofNanos((long) (worked * rest)));
        }
    }

    /** Tells of a batch; the seconds it took. */
    private double record(Outcome.Committed c, long begin) throws RunFailed {
        long now = time.nanos();
        double seconds = (now - begin) / 1e9;
        lane.meters()
                .recordBatch(
                        lane.job().job().name(),
                        lane.job().job().database(),
                        c.scanned(),
                        c.changed(),
                        c.left(),
                        seconds);
        lane.status()
                .progressed(
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
