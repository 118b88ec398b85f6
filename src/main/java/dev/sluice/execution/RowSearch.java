package dev.sluice.execution;

import dev.sluice.batch.BatchRequest;
import dev.sluice.batch.Batches;
import dev.sluice.batch.Outcome;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.partition.KeyRange;
import dev.sluice.partition.KeysOfRange;
import dev.sluice.resilience.Retries;
import dev.sluice.run.ResolvedJob;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the row that makes a batch fail, in the walk of one partition.
 *
 * <p>The keys of a batch that failed are walked on in batches of half as many, each a batch like any other: what goes
 * well is committed, and what fails is halved again, until one row alone fails. Everything before that row is done
 * then, and a run that is resumed begins with it. Where no row fails alone, since the server refuses what several do
 * together, the keys are done in smaller batches, and the run goes on.
 *
 * <p>A range in stripes that has begun cannot be cut: its end is part of its position. The failing stripe is tried on
 * halves of the range's keys instead, each in a transaction that is rolled back. A search takes as many tries as the
 * keys can be halved, 17 for 100,000, and the throttle is asked before each.
 */
final class RowSearch {
    private static final Logger LOG = LoggerFactory.getLogger(RowSearch.class);

    private final ResolvedJob resolved;
    private final Database database;
    private final Batches batches;
    private final TableFacts facts;
    private final BatchGate batchGate;
    private final Time time;
    /** Keys from the cursor on among which the row is; 0 while none is looked for. */
    private long left;
    /** That several rows fail together and none alone is said once. */
    private boolean told;

    RowSearch(LaneContext lane, Batches batches, TableFacts facts) {
        this.resolved = lane.job();
        this.database = resolved.rows();
        this.batches = batches;
        this.facts = facts;
        this.batchGate = lane.batchGate();
        this.time = lane.time();
    }

    /** What to ask for, where this would be asked for: no more than half of the keys among which the row is. */
    BatchRequest request(BatchRequest usual) {
        return left == 0 ? usual : BatchRequest.of((int) Math.max(1, Math.min(usual.keys(), left / 2)));
    }

    /** Whether a row is looked for. */
    boolean isOn() {
        return left > 0;
    }

    /**
     * A batch was committed: its rows are not the one.
     *
     * @return whether it was one of a search, from whose time no size follows
     */
    boolean passed(Outcome.Committed done) {
        if (left == 0) {
            return false;
        }
        left = done.last() ? 0 : Math.max(0, left - done.scanned());
        if (left == 0 && !told) {
            told = true;
            LOG.warn(
                    "{}: no row of the batch that failed fails alone; they were changed in smaller batches, and the run"
                            + " goes on. It is not told again.",
                    facts.name());
        }
        return true;
    }

    /** The checkpoint is read again: where the walk goes on is not known to this. */
    void reset() {
        left = 0;
    }

    /**
     * A batch has failed.
     *
     * @param attempt has not been told yet
     * @return what to tell of it; empty to go on with the next batch at once, which {@link #request} then makes smaller
     * @throws Stop when another worker has the lane
     */
    Optional<FailedBatch> failed(SqlFailure failure, Claim claim, BatchRequest request, Retries.Attempt attempt)
            throws Stop, InterruptedException {
        boolean ends = attempt.endsAfter(failure.kind()) || isOn() && isOfRows(failure);
        if (!ends) {
            return Optional.of(FailedBatch.UNKNOWN);
        }
        if (isOfRows(failure)) {
            if (claim.position().rangeEnd() != null) {
                return inStripe(failure, claim);
            }
            if (request.keys() > 1) {
                if (left == 0 && !told) {
                    LOG.info(
                            "{}: a batch of {} keys fails with {}: its row is looked for in smaller batches",
                            facts.name(),
                            request.keys(),
                            failure);
                }
                left = request.keys();
                return Optional.empty();
            }
        }
        return Optional.of(FailedBatch.of(resolved, batches, claim, facts, request));
    }

    /**
     * Whether a row may be why: not where the server refused the statement before it read any, nor where several rows
     * together are, or the batch as a whole.
     */
    private static boolean isOfRows(SqlFailure failure) {
        ErrorKind kind = failure.kind();
        return failure.mayQuoteRows()
                && !failure.severalRows()
                && !failure.beyondRange()
                && (kind == ErrorKind.DATA || kind == ErrorKind.DEFINITION || kind == ErrorKind.OTHER);
    }

    private Optional<FailedBatch> inStripe(SqlFailure failure, Claim claim) throws Stop, InterruptedException {
        LOG.info("{}: a stripe fails with {}: its row is looked for in halves of the range", facts.name(), failure);
        FailedBatch whole = FailedBatch.of(resolved, batches, claim, facts, BatchRequest.of(1));
        List<String> after = claim.position().cursor();
        List<String> upTo = List.copyOf(rangeEnd(claim.position()));
        try {
            long keys = KeysOfRange.count(database, facts, new KeyRange(claim.relation(), claim.key(), after, upTo));
            while (keys > 1) {
                long half = keys / 2;
                List<String> middle = KeysOfRange.nth(
                                database, facts, new KeyRange(claim.relation(), claim.key(), after, upTo), half)
                        .orElse(upTo);
                switch (attempt(claim, after, middle, half)) {
                    case REFUSED -> {
                        return Optional.empty();
                    }
                    case FAILS -> {
                        upTo = middle;
                        keys = half;
                    }
                    case GOES -> {
                        after = middle;
                        keys -= half;
                    }
                }
            }
            return switch (attempt(claim, after, upTo, 1)) {
                case REFUSED -> Optional.empty();
                case FAILS -> Optional.of(FailedBatch.of(resolved, batches, claim, facts, after, upTo));
                case GOES -> Optional.of(whole); // it takes several rows to fail
            };
        } catch (SQLException | DataAccessException e) {
            LOG.warn("{}: the row that makes the stripe fail was not found: {}", facts.name(), RetryLoop.failure(e));
            return Optional.of(whole);
        }
    }

    private static List<String> rangeEnd(Position position) {
        List<String> end = position.rangeEnd();
        if (end == null) {
            throw new IllegalArgumentException("not in a range of stripes: " + position);
        }
        return end;
    }

    private enum Tried {
        GOES,
        FAILS,
        REFUSED
    }

    /** @throws SQLException that says nothing of rows, such as a lock that was not to be had */
    private Tried attempt(Claim claim, @Nullable List<String> after, List<String> upTo, long keys)
            throws SQLException, Stop, InterruptedException {
        if (batchGate.await(claim.tuning()) == BatchGate.Answer.RECHECK) {
            return Tried.REFUSED;
        }
        batchGate.begins();
        long begin = time.nanos();
        try {
            return batches.attempt(claim, after, upTo) ? Tried.GOES : Tried.REFUSED;
        } catch (SQLException e) {
            if (isOfRows(RetryLoop.failure(e))) {
                return Tried.FAILS;
            }
            throw e;
        } finally {
            batchGate.ends((time.nanos() - begin) / 1e9);
            batchGate.rates().worked(Math.max(1, keys / claim.position().stripes()), 0);
        }
    }
}
