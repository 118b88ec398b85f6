package dev.sluice.execution;

import dev.sluice.batch.BatchRequest;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.checkpoint.Claims.Standing;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.partition.Midpoint;
import dev.sluice.partition.Remaining;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.table.TableFacts;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which partition a lane walks next: its own in order, then one of another lane that nobody has begun, then half of the
 * largest one that is left.
 */
final class Partitions {
    private static final Logger LOG = LoggerFactory.getLogger(Partitions.class);

    /** A half must be worth the locks and the start: at least this many keys, and two of the present batches. */
    private static final int SMALLEST_HALF = 1000;

    private static final int GONE_TRIES = 5;

    private static final int MOST_STRIPES_OF_SLOW_ROWS = 4096;

    private final Database rows;
    private final LeafWatch leaves;
    private final Claims claims;
    private final LaneTable lanes;
    private final LaneOffers offers;
    private final LaneStatus laneStatus;
    private final String owner;
    private final Duration takeover;
    /** For the run's other lanes, since there was nothing left to walk here. */
    private boolean waiting;

    Partitions(
            Database database,
            Database rows,
            LeafWatch leaves,
            LaneTable lanes,
            LaneOffers offers,
            LaneStatus laneStatus,
            String owner,
            Duration takeover) {
        this.rows = rows;
        this.leaves = leaves;
        this.claims = new Claims(database, laneStatus.run(), laneStatus.lane().lane(), owner);
        this.lanes = lanes;
        this.offers = offers;
        this.laneStatus = laneStatus;
        this.owner = owner;
        this.takeover = takeover;
    }

    /** Partitions of a pass that are not done. */
    enum Left {
        NONE,
        /** only of lanes that others carry */
        OF_OTHERS,
        /** some of this lane */
        MINE
    }

    /**
     * Takes over what another carrier of this lane may have left.
     *
     * @throws Stop when another carrier has this lane
     */
    void takeOver(int pass) throws Stop {
        claims.takeOver(pass);
        requireOwner();
    }

    /** Offers further lanes to whoever has room, those that are there already apart. */
    void openLanes(Iterable<Integer> numbers) {
        for (int number : numbers) {
            LaneId id = new LaneId(laneStatus.run(), number);
            if (!id.conducts() && lanes.open(id)) {
                offers.offer(id);
            }
        }
    }

    /** Takes back the offers that nobody has taken up. */
    void closeLanes() {
        lanes.withdrawUnowned(laneStatus.run());
    }

    /**
     * Takes what other lanes have left and nobody carries now, such as after a pause, or where no worker has room; and
     * offers those lanes anew, to whoever has room later.
     *
     * @throws Stop when the run is not wanted running, or another carrier has this lane
     */
    Left gather(int pass) throws Stop {
        Claims.Left left = claims.left(pass);
        if (left.lanes().isEmpty()) {
            return Left.NONE;
        }
        if (!left.wanted()) {
            throw new Stop(Stop.Reason.NOT_WANTED);
        }
        boolean mine = left.lanes().contains(lane());
        List<Integer> others = left.lanes().stream().filter(n -> n != lane()).toList();
        for (int number : lanes.withdraw(laneStatus.run(), others, takeover)) {
            claims.adopt(pass, number);
            requireOwner();
            openLanes(List.of(number));
            mine = true;
        }
        waiting = true;
        return mine ? Left.MINE : Left.OF_OTHERS;
    }

    /**
     * This lane has found work again after it waited for others. They learn with their next sign of life that it takes
     * its part of the limits; it does so from the first batch on.
     */
    private void takePart() {
        laneStatus.limitedBy(null);
        lanes.works(laneStatus.lane());
        laneStatus.shares(lanes.alive(laneStatus.run(), takeover));
        waiting = false;
    }

    /**
     * Claims the next partition.
     *
     * @return empty when there is nothing for this lane to take now; other lanes may still walk
     * @throws Stop when the run is not wanted running, or another carrier has this lane
     */
    Optional<Claim> next(int pass, TableFacts facts) throws Stop, SQLException {
        for (int tries = 1; ; tries++) {
            try {
                Optional<Claim> taken = take(pass, facts);
                if (taken.isPresent() && waiting) {
                    takePart();
                }
                return taken;
            } catch (SQLException | DataAccessException e) {
                // a leaf that was dropped since is let go by the next try
                if (!facts.partitioned() || tries == GONE_TRIES || !SqlFailure.isNoSuchRelation(e)) {
                    throw e;
                }
                leaves.settle(pass, facts);
            }
        }
    }

    private Optional<Claim> take(int pass, TableFacts facts) throws Stop, SQLException {
        for (Optional<Standing> own = claims.own(pass); own.isPresent(); own = claims.own(pass)) {
            leaves.settle(own.get().claim().id(), facts);
            Optional<Claim> claim = claims.claim(own.get().claim().id());
            if (claim.isPresent()) {
                return claim;
            }
            requireStill(own.get().claim().id());
        }
        for (Optional<Standing> left = claims.unstarted(pass); left.isPresent(); left = claims.unstarted(pass)) {
            PartitionId id = left.get().claim().id();
            requireWanted(left.get());
            leaves.settle(id, facts);
            Optional<Claim> claim = claims.takeUnstarted(id);
            if (claim.isPresent()) {
                LOG.info(
                        "run {}: lane {} takes partition {} of lane {}",
                        laneStatus.run(),
                        lane(),
                        id.partition(),
                        left.get().lane());
                return claim;
            }
            requireOwner();
        }
        return half(pass, facts);
    }

    private Optional<Claim> half(int pass, TableFacts facts) throws Stop, SQLException {
        record Candidate(Standing standing, long keys) {}
        List<Candidate> candidates = new ArrayList<>();
        for (Standing s : claims.started(pass)) {
            requireWanted(s);
            candidates.add(
                    new Candidate(s, Remaining.estimate(rows, facts, s.claim().left())));
        }
        candidates.sort(Comparator.comparingLong(Candidate::keys).reversed());
        for (Candidate largest : candidates) {
            Claim there = largest.standing.claim();
            int smallest = smallest(there);
            if (largest.keys < 2L * smallest) {
                return Optional.empty();
            }
            leaves.settle(there.id(), facts);
            Optional<List<String>> at = Midpoint.of(rows, facts, there.left(), smallest);
            Optional<Claim> rest = at.isEmpty() ? Optional.empty() : claims.split(there.id(), facts, at.get());
            if (rest.isPresent()) {
                LOG.info(
                        "run {}: lane {} takes partition {}, the rest of partition {} of lane {} after {}",
                        laneStatus.run(),
                        lane(),
                        rest.get().id().partition(),
                        there.id().partition(),
                        largest.standing.lane(),
                        Position.text(at.get()));
                return rest;
            }
            requireOwner();
        }
        return Optional.empty();
    }

    private int smallest(Claim claim) {
        Integer batch = laneStatus.nextBatch();
        return Math.max(SMALLEST_HALF, 2 * (batch == null ? claim.tuning().batchSize() : batch));
    }

    /**
     * What the checkpoint really says, after a batch it refused: a commit whose answer was lost is gone on from, and a
     * partition that was split has a new token and an earlier end, one that was renamed has another relation.
     *
     * @return empty when the partition is done, or is none of the table's any more
     * @throws Stop when the run is not wanted running, or another carrier has the partition
     */
    Optional<Claim> again(PartitionId id, TableFacts facts) throws Stop, RunFailed {
        leaves.requireSame(id, facts);
        Standing now = claims.read(id).orElseThrow(() -> new RunFailed(Failures.checkpointGone(id)));
        if (now.done()) {
            return Optional.empty();
        }
        requireWanted(now);
        requireMine(now);
        if (claims.isUnwanted()) {
            throw new Stop(Stop.Reason.NOT_WANTED);
        }
        return Optional.of(now.claim());
    }

    /**
     * After a batch that timed out in the middle of a range in stripes: the rest of the range is walked in twice as
     * many, or what is too long once would be too long each time. More stripes than a range may begin with cost a look
     * at the whole range each, so only where the rows are slow, and not where one of them is locked.
     *
     * @return where to go on; unchanged where there is nothing to make finer
     */
    Claim finer(Claim claim, SqlFailure timeout) {
        int stripes = claim.position().stripes();
        if (claim.position().rangeEnd() == null
                || stripes >= (timeout.lockTimeout() ? BatchRequest.MOST_STRIPES : MOST_STRIPES_OF_SLOW_ROWS)) {
            return claim;
        }
        Optional<Claim> finer = claims.finer(claim);
        finer.ifPresent(f -> LOG.info(
                "run {}: lane {} walks the rest of a range of partition {} in {} stripes instead of {}, because one took too long: {}",
                laneStatus.run(),
                lane(),
                claim.id().partition(),
                f.position().stripes(),
                stripes,
                timeout));
        return finer.orElse(claim); // the next batch is refused then, and what is true is read
    }

    private void requireStill(PartitionId id) throws Stop {
        Optional<Standing> now = claims.read(id);
        if (now.isPresent() && !now.get().done() && now.get().lane() == lane()) {
            requireWanted(now.get());
            requireMine(now.get());
        }
    }

    private static void requireWanted(Standing standing) throws Stop {
        if (standing.wanted() != Wanted.RUNNING) {
            throw new Stop(Stop.Reason.NOT_WANTED);
        }
    }

    private void requireMine(Standing standing) throws Stop {
        if (!owner.equals(standing.owner()) || standing.lane() != lane()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    /** What was refused may have been so since another carrier has the lane: one that was frozen is fenced here. */
    private void requireOwner() throws Stop {
        if (!claims.isOwner()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    private int lane() {
        return laneStatus.lane().lane();
    }
}
