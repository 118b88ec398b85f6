package dev.sluice.batch;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.job.Shape;
import dev.sluice.job.Stripes;
import dev.sluice.partition.RowsAhead;
import dev.sluice.table.HeapFacts;
import dev.sluice.table.TableFacts;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the next batch is asked for: keys and stripes together, so that each stripe lasts about the target time. A pure
 * value: each batch gives the next.
 *
 * @param size keys of a batch, which in a range of stripes are walked by each of them
 * @param choice in how many stripes
 * @param largestRange keys of a range in stripes at most
 */
public record Sizing(BatchSize size, StripeChoice choice, int largestRange) {
    private static final Logger LOG = LoggerFactory.getLogger(Sizing.class);

    /**
     * Heap bytes of a range in stripes at most: each stripe reads the range again, so it should stay in the buffer
     * cache of a small server (128 MiB by default).
     */
    static final double RANGE_BYTES = 32 << 20;
    /** Where the width of the rows is not known: 32 MiB of 256 bytes. */
    static final int RANGE_KEYS = 131_072;
    /**
     * Fewer keys are not worth a batch, of a stripe or without, as long as more keep the job's target. Measured beside
     * a busy application on 2 cores, in 12 interleaved pairs each: batches of at least 100 keys took some 5 ms, and
     * raised its p50, p95 and p99 by 1.16, 1.28 and 1.14; of at least 25, by 1.04, 1.11 and 0.93, at three quarters of
     * the speed.
     */
    static final int WORTH_A_BATCH = 25;

    /**
     * Keys of a batch at most while numbers of stripes are tried: enough to tell them apart, and few enough that a run
     * of some seconds has its choice before it ends.
     */
    static final int TRIED_KEYS = 2_000;

    /**
     * Before the first batch of a claim; where there is a choice, asks the catalog, and where that does not decide
     * looks at the rows ahead.
     *
     * @param facts of the table that is walked
     * @param claim the partition and where it stands
     * @param work what is done with the rows
     * @param setting of the job
     * @param size of the first batch
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the database does not answer
     */
    public static Sizing of(
            Database database, TableFacts facts, Claim claim, RowWork work, Stripes setting, BatchSize size) {
        if (!(setting instanceof Stripes.Auto)
                || !(work instanceof RowWork.Change change && change.shape() instanceof Shape.Set set)) {
            return startingAt(size, setting, work, HeapFacts.UNKNOWN);
        }
        HeapFacts catalog = HeapFacts.of(
                database,
                claim.relation(),
                facts.key().getFirst().name(),
                set.columns().keySet());
        HeapFacts heap = StripesOfHeap.lookedAt(catalog, () -> RowsAhead.onOnePage(database, facts, claim.left()));
        StripesOfHeap.against(heap)
                .ifPresent(why -> LOG.info("{} is walked without stripes: {}", claim.relation(), why));
        return startingAt(size, setting, work, heap);
    }

    /**
     * Before the first batch.
     *
     * @param size keys of the first batch
     * @param setting of the job
     * @param work what is done with the rows
     * @param heap how the relation lies on disk
     */
    static Sizing startingAt(int size, Stripes setting, RowWork work, HeapFacts heap) {
        return startingAt(BatchSize.startingAt(size), setting, work, heap);
    }

    private static Sizing startingAt(BatchSize size, Stripes setting, RowWork work, HeapFacts heap) {
        double keys =
                heap.rowBytes().isPresent() ? RANGE_BYTES / heap.rowBytes().getAsDouble() : RANGE_KEYS;
        return new Sizing(size, StripeChoice.of(setting, work, heap), (int)
                Math.max(1, Math.min(BatchRequest.MOST_STRIPES * BatchSize.LARGEST, keys)));
    }

    /**
     * The next batch. None is worth more than a second of the rate, so that pacing stays smooth and a pause is quick.
     *
     * @param rowsPerSecond at most; null for no limit
     */
    public BatchRequest request(@Nullable Integer rowsPerSecond) {
        int most = choice.isTrying() ? Math.min(size.size(), TRIED_KEYS) : size.size();
        int keys = rowsPerSecond == null ? most : Math.max(1, Math.min(most, rowsPerSecond));
        int stripes = choice.stripes();
        while (stripes > 1 && choice.free() && range(keys, stripes) < stripes * WORTH_A_BATCH) {
            stripes /= 2;
        }
        return stripes == 1 ? BatchRequest.of(keys) : new BatchRequest(range(keys, stripes), stripes);
    }

    private int range(int keys, int stripes) {
        return (int) Math.max(1, Math.min((long) keys * stripes, largestRange));
    }

    /**
     * After a committed batch.
     *
     * @param before where it started
     * @param tuning before it
     * @param request what it was asked for
     * @param done what it did
     * @param target seconds it should have taken
     * @param seconds that the server was at it
     * @param waited seconds besides, for batches of its neighbours before it and on the way there and back, which the
     *     choice of stripes has to be worth
     */
    public Sizing after(
            Position before,
            Tuning tuning,
            BatchRequest request,
            Outcome.Committed done,
            double target,
            double seconds,
            double waited) {
        boolean cut = request.keys() / request.stripes() < size.size();
        boolean grown = cut || seconds >= target / 2 || size.size() >= TRIED_KEYS;
        StripeChoice chosen = choice.after(before, done, seconds + waited, grown);
        if (done.tuning().batchSize() != tuning.batchSize()) {
            return new Sizing(size.restarted(done.tuning().batchSize()), chosen, largestRange);
        }
        // a batch cut short by the rate, the largest range or the end of the partition is no ground to grow
        long full = cut ? Math.min(done.scanned(), size.size() - 1L) : done.scanned();
        return new Sizing(size.after(full, seconds, target), chosen, largestRange).worth(target, done.tuning());
    }

    /**
     * Whether it measures in how many stripes ranges are walked; otherwise that is given, or was ruled out by how the
     * rows lie that were ahead at its beginning.
     */
    public boolean measures() {
        return choice.free();
    }

    /**
     * As large as a batch may be now: the pace may have shrunk in the rest since the last one, or in a hold.
     *
     * @param target seconds it may take now
     */
    public Sizing within(double target, Tuning tuning) {
        BatchSize fits = size.within(target);
        return fits.equals(size) ? this : new Sizing(fits, choice, largestRange).worth(target, tuning);
    }

    /** At a pace that makes batches shorter than the job's target, none gets too small to be worth it. */
    private Sizing worth(double target, Tuning tuning) {
        double most = tuning.targetMillis() / 1000.0;
        return target < most ? new Sizing(size.atLeast(WORTH_A_BATCH, most), choice, largestRange) : this;
    }

    /** With this size anew, as somebody has asked for it. */
    public Sizing restarted(int from) {
        return new Sizing(size.restarted(from), choice, largestRange);
    }

    /** After a batch whose rows could be changed in smaller ones: half as large. */
    public Sizing halved() {
        return new Sizing(size.halved(size.size()), choice, largestRange);
    }

    /**
     * After a batch that timed out: the next one is half as large; a range in progress has other ways.
     *
     * @param asked for it, which may be less than the size: cut by a trial, a rate or the largest range
     */
    public Sizing halved(BatchRequest asked) {
        return new Sizing(size.halved(asked.keys() / asked.stripes()), choice, largestRange);
    }
}
