package dev.sluice.batch;

import dev.sluice.checkpoint.Position;
import dev.sluice.job.Stripes;
import dev.sluice.table.HeapFacts;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * In how many stripes the next range is walked, chosen by what was measured on the run. A pure value: each batch gives
 * the next.
 *
 * <p>Until the batches have about their full length, or {@link Sizing#TRIED_KEYS}, there are no stripes. Then the
 * candidates are tried in turn, each for a range, in {@value #TRIED_ROUNDS} rounds, so that what changes meanwhile (a
 * worker that has just started gets faster) touches all of them; none at all is the last of a round, since what is
 * walked without stripes while they would have paid is lost. The first trial is brief, since a short run would be over
 * with it. The best is kept, and after {@value #TRIED_AGAIN_AFTER} batches all are tried again. The measure is changed
 * rows per second, where a share of rows changed in place of 1 is worth {@value #IN_PLACE_WORTH} of speed more, since
 * each saves WAL, growth of the table and vacuuming. A trial is short and noisy, so a candidate must be
 * {@value #MARGIN} times as good as the best before it. Where nearly all are changed in place without stripes, none are
 * tried.
 *
 * <p>Where few rows are changed in place in spite of stripes, whatever their number, an old snapshot holds the horizon,
 * and they only cost: the ranges go without for a while, {@value #SHORTEST_REST} batches at first and twice as many
 * each time, and then all is tried again. A neighbour's batch holds it too, but no longer than it lasts, which costs
 * few stripes most and many of them little; so a low share of one candidate says nothing about the next.
 *
 * <p>A range of which fewer than {@value #FEW} of the keys were changed, such as one that was filled before, decides
 * nothing: what its time and its few rows say does not hold for others, and stripes would read it several times over
 * for next to nothing. What follows goes without, in batches of full length, until a range is changed again; then it
 * goes on where it was.
 *
 * @param candidates numbers of stripes, the first being tried first; one alone is no choice
 * @param phase what is going on
 * @param measured by number of stripes, sums of the trial that goes on or was the last
 * @param range sums over the range in progress; null where its beginning was not seen
 * @param rest batches of the last rest; 0 since stripes were last kept
 */
record StripeChoice(
        List<Integer> candidates,
        Phase phase,
        Map<Integer, Measure> measured,
        @Nullable Measure range,
        int rest) {

    /** With the default target of 200 ms after two minutes; all trials then take 9 percent of the batches. */
    static final int TRIED_AGAIN_AFTER = 600;
    /** Batches without stripes in a round; a range in stripes has more of them anyway. */
    static final int TRIED_BATCHES = 4;

    static final int TRIED_ROUNDS = 2;
    /**
     * With a share of 0.8, half of the WAL and a table that does not double are worth 0.4 of the speed. What a row that
     * is not changed in place costs is not over with the batch: replicas and the archive get its WAL, and vacuum has to
     * clean it out of every index.
     */
    static final double IN_PLACE_WORTH = 0.5;
    /**
     * Two lanes of 8 stripes walked 2,000,000 rows at 80,000 rows/s each, and at 66,000 without; trials of them, side
     * by side, saw 0.69 to 1.15 of the speed of those without.
     */
    static final double MARGIN = 1.1;
    /**
     * Below this share stripes cost more than they bring: 8 stripes gave 0.85, and 0.65 beside a neighbour with batches
     * of equal length (1,000,000 rows of 250 bytes, 2 indexes).
     */
    static final double LOW_SHARE = 0.3;
    /** With this share there is next to nothing to win. */
    static final double HIGH_SHARE = 0.8;

    /**
     * Of the keys of a range, changed at least where it is to be judged. With fewer a page of 30 rows has less than
     * three that change, too few to leave each other room.
     */
    static final double FEW = 0.1;

    /** Two seconds with the default target: a passing ANALYZE is no reason to do without for longer. */
    static final int SHORTEST_REST = 10;

    static final int LONGEST_REST = 1600;
    /**
     * So many steps of {@link BatchSize.Steps#growth()} are from 300 keys to its largest size; then nothing grows any
     * more.
     */
    static final int GROWING_BATCHES = 15;

    StripeChoice {
        candidates = List.copyOf(candidates);
        measured = Map.copyOf(measured);
    }

    /** What is going on. */
    sealed interface Phase {
        /**
         * Batches grow to their full length.
         *
         * @param batches left at most
         */
        record Grow(int batches) implements Phase {}

        /**
         * A candidate is tried.
         *
         * @param brief a number of stripes that leaves room is enough, and others are not looked for
         * @param left candidates still to be tried, the present one first
         * @param ranges of the present one that are left
         */
        record Try(boolean brief, List<Integer> left, int ranges) implements Phase {
            static Try of(boolean brief, List<Integer> left) {
                return new Try(brief, left, left.getFirst() == 1 ? TRIED_BATCHES : 1);
            }
        }

        /**
         * The best of those tried.
         *
         * @param batches left
         */
        record Keep(int stripes, int batches) implements Phase {}

        /**
         * None for a while.
         *
         * @param batches left
         */
        record Rest(int batches) implements Phase {}

        /**
         * None while few rows are changed.
         *
         * @param then what goes on afterwards
         */
        record Wait(Phase then) implements Phase {}
    }

    /**
     * Sums over ranges.
     *
     * @param stripes they were walked in
     * @param keys walked
     * @param seconds of the batches; waits between them do not count
     * @param changed rows
     * @param hot rows changed in place
     */
    record Measure(int stripes, long keys, double seconds, long changed, long hot) {
        double share() {
            return changed == 0 ? 0 : (double) hot / changed;
        }

        /** Too few rows changed to say anything. */
        boolean few() {
            return changed < FEW * keys;
        }

        double score() {
            return changed / seconds * (1 + IN_PLACE_WORTH * share());
        }

        Measure plus(Measure more) {
            return new Measure(
                    stripes, keys + more.keys, seconds + more.seconds, changed + more.changed, hot + more.hot);
        }
    }

    /**
     * Before the first batch.
     *
     * @param setting of the job
     * @param work what is done with the rows
     * @param heap how the relation lies on disk
     */
    static StripeChoice of(Stripes setting, RowWork work, HeapFacts heap) {
        if (!work.stripes()) {
            return always(1);
        }
        return switch (setting) {
            case Stripes.Off ignored -> always(1);
            case Stripes.Fixed fixed -> always(fixed.number());
            case Stripes.Auto ignored ->
                StripesOfHeap.against(heap).isPresent() ? always(1) : among(StripesOfHeap.candidates(heap));
        };
    }

    /** Always so many. */
    static StripeChoice always(int stripes) {
        return new StripeChoice(List.of(stripes), new Phase.Keep(stripes, 0), Map.of(), null, 0);
    }

    /** Finds the best of these. */
    static StripeChoice among(List<Integer> candidates) {
        return new StripeChoice(candidates, new Phase.Grow(GROWING_BATCHES), Map.of(), null, 0);
    }

    /** Whether there is a choice. */
    boolean free() {
        return candidates.size() > 1;
    }

    /** Whether a candidate is tried. */
    boolean isTrying() {
        return free() && phase instanceof Phase.Try;
    }

    /** Stripes of the next range that begins. */
    int stripes() {
        return switch (phase) {
            case Phase.Grow ignored -> 1;
            case Phase.Try now -> now.left().getFirst();
            case Phase.Keep now -> now.stripes();
            case Phase.Rest ignored -> 1;
            case Phase.Wait ignored -> 1;
        };
    }

    /**
     * After a committed batch.
     *
     * @param before where it started
     * @param done what it did
     * @param seconds it took
     * @param grown whether batches have about their full length
     */
    StripeChoice after(Position before, Outcome.Committed done, double seconds, boolean grown) {
        boolean begins = before.rangeEnd() == null;
        if (!free() || seconds <= 0 || begins && done.scanned() == 0) {
            return this;
        }
        int stripes = Math.max(before.stripes(), done.position().stripes());
        Measure batch = new Measure(stripes, done.scanned(), seconds, done.changed(), done.hot());
        Measure sum = begins ? batch : range == null ? null : range.plus(batch);
        if (sum == null || done.position().rangeEnd() != null) {
            return new StripeChoice(candidates, phase, measured, sum, rest);
        }
        return ended(sum, grown);
    }

    private StripeChoice ended(Measure range, boolean grown) {
        if (range.few()) {
            return with(waiting());
        }
        return switch (phase) {
            case Phase.Wait now -> with(now.then());
            case Phase.Grow now -> grown || now.batches() <= 1 ? anew(range) : with(new Phase.Grow(now.batches() - 1));
            case Phase.Try now -> tried(now, range);
            case Phase.Keep ignored when low(range) -> resting(measured);
            case Phase.Keep now -> {
                int left = now.batches() - range.stripes();
                yield left > 0 ? with(new Phase.Keep(now.stripes(), left)) : anew(range);
            }
            case Phase.Rest now -> now.batches() > 1 ? with(new Phase.Rest(now.batches() - 1)) : anew(range);
        };
    }

    /** What has stripes, or batches cut short for a trial, is put off; what has neither stays as it is. */
    private Phase waiting() {
        return switch (phase) {
            case Phase.Try now -> new Phase.Wait(now);
            case Phase.Keep now -> now.stripes() > 1 ? new Phase.Wait(now) : now;
            case Phase.Grow now -> now;
            case Phase.Rest now -> now;
            case Phase.Wait now -> now;
        };
    }

    private StripeChoice tried(Phase.Try now, Measure range) {
        // a range too small for the candidate went in fewer stripes; it says something about those
        Map<Integer, Measure> known = new HashMap<>(measured);
        known.merge(range.stripes(), range, Measure::plus);
        if (now.ranges() > 1 && !low(range)) {
            return trying(new Phase.Try(now.brief(), now.left(), now.ranges() - 1), known);
        }
        boolean found = known.values().stream().anyMatch(m -> m.stripes() > 1 && !low(m));
        List<Integer> left = now.left().stream()
                .skip(1)
                .filter(c -> !known.containsKey(c) || !low(known.get(c)))
                .filter(c -> c == 1 || !now.brief() || !found)
                .toList();
        if ((left.isEmpty() || left.getFirst() == 1) && known.values().stream().allMatch(StripeChoice::low)) {
            return resting(known);
        }
        if (!left.isEmpty()) {
            return trying(Phase.Try.of(now.brief(), left), known);
        }
        var keep = new Phase.Keep(best(known), TRIED_AGAIN_AFTER);
        return new StripeChoice(candidates, keep, known, null, keep.stripes() > 1 ? 0 : rest);
    }

    private StripeChoice trying(Phase next, Map<Integer, Measure> known) {
        return new StripeChoice(candidates, next, known, null, rest);
    }

    /** Stripes that left next to no room. */
    private static boolean low(Measure range) {
        return range.stripes() > 1 && range.share() < LOW_SHARE;
    }

    private StripeChoice resting(Map<Integer, Measure> known) {
        int longer = rest == 0 ? SHORTEST_REST : Math.min(LONGEST_REST, rest * 2);
        return new StripeChoice(candidates, new Phase.Rest(longer), known, null, longer);
    }

    /** In the order of the trial, each has to be better than the best before it by {@link #MARGIN}. */
    private int best(Map<Integer, Measure> known) {
        Measure best = null;
        for (int candidate : candidates) {
            Measure it = known.get(candidate);
            if (it != null && !low(it) && (best == null || it.score() > MARGIN * best.score())) {
                best = it;
            }
        }
        return best == null ? 1 : best.stripes();
    }

    private StripeChoice anew(Measure before) {
        if (before.stripes() == 1 && before.share() >= HIGH_SHARE) {
            return with(new Phase.Keep(1, TRIED_AGAIN_AFTER)); // next to nothing to win
        }
        boolean brief = phase instanceof Phase.Grow;
        List<Integer> all = Collections.nCopies(brief ? 1 : TRIED_ROUNDS, candidates).stream()
                .flatMap(List::stream)
                .toList();
        return trying(Phase.Try.of(brief, all), Map.of());
    }

    private StripeChoice with(Phase next) {
        return new StripeChoice(candidates, next, measured, null, rest);
    }
}
