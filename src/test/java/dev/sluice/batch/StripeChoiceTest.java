package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.job.Stripes;
import dev.sluice.table.HeapFacts;
import dev.sluice.testing.TestTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Scale;
import org.jspecify.annotations.Nullable;

/** Stripes follow what is measured, on a table that is made of figures alone. */
class StripeChoiceTest {
    private static final Tuning TUNING = new Tuning(200, 1000, null);
    private static final HeapFacts FINE = new HeapFacts(
            Optional.empty(),
            3,
            100,
            OptionalDouble.of(1),
            OptionalDouble.of(30),
            OptionalDouble.of(256),
            OptionalDouble.empty());

    /** A table: seconds for each key, and the share of rows changed in place, by the number of stripes. */
    private static class Table {
        double plain = 8e-6;
        double striped = 6e-6;
        double best = 16;
        /** what another number of stripes takes, by the best */
        double more = 1.3;
        /** how much longer batches take, as a share; a tenth less with each */
        double slow;

        boolean held;
        /** share with 8 stripes, where a neighbour's batches take the room of every second one */
        double shareOfEight = 0.85;

        double noise;
        /** share of the keys whose rows are changed */
        double density = 1;

        double plainShare = 0.02;
        final Random random = new Random(7);

        double secondsPerKey(int stripes) {
            double seconds = stripes == 1 ? plain : stripes == best ? striped : striped * more;
            if (held && stripes > 1) {
                seconds = plain * 1.2;
            }
            slow *= 0.9;
            return seconds * (1 + slow) * (1 + noise * (random.nextDouble() - 0.5));
        }

        double share(int stripes) {
            return stripes == 1 ? plainShare : held ? 0.03 : stripes == 8 ? shareOfEight : 0.97 - 0.95 / stripes;
        }
    }

    /** A walk over it; the stripes of each range. */
    private static final class Walk {
        final Table table;
        Sizing sizing;
        final List<BatchRequest> ranges = new ArrayList<>();
        private Position position = Position.after(null);

        Walk(Table table, Stripes setting, HeapFacts heap) {
            this.table = table;
            this.sizing = Sizing.startingAt(1000, setting, TestTarget.PLUS_ONE, heap);
        }

        Walk ranges(int count) {
            for (int i = 0; i < count; i++) {
                BatchRequest request = sizing.request(null);
                ranges.add(request);
                do {
                    batch(request);
                } while (position.rangeEnd() != null);
            }
            return this;
        }

        void batch(BatchRequest request) {
            int k = position.rangeEnd() == null ? request.stripes() : position.stripes();
            int next = position.stripe() + 1;
            Position after = next == k ? Position.after(List.of("c")) : new Position(null, List.of("e"), k, next);
            long keys = request.keys() / k;
            long changed = (long) (keys * table.density);
            double seconds = 0.002 + keys * table.secondsPerKey(k);
            sizing = sizing.after(
                    position,
                    TUNING,
                    request,
                    committed(after, keys, changed, (long) (changed * table.share(k))),
                    TUNING.targetMillis() / 1000.0,
                    seconds,
                    0);
            position = after;
        }

        List<Integer> stripes() {
            return ranges.stream().map(BatchRequest::stripes).toList();
        }

        int last() {
            return ranges.getLast().stripes();
        }
    }

    private static Outcome.Committed committed(Position position, long keys, long changed, long hot) {
        return new Outcome.Committed(position, false, keys, changed, hot, 0, 0, RowsLeft.NONE, 0, 0, TUNING, List.of());
    }

    private static Walk auto(Table table) {
        return new Walk(table, new Stripes.Auto(), FINE);
    }

    @Example
    void beginsWithoutAndTriesBriefly() {
        Walk walk = auto(new Table()).ranges(40);
        int first = walk.stripes().indexOf(8);
        assertThat(walk.stripes().subList(0, first)).containsOnly(1);
        assertThat(walk.ranges.get(first - 1).keys()).as("batches have grown").isGreaterThan(1_500);
        int kept = first + 5;
        assertThat(walk.stripes().subList(first, kept)).containsExactly(8, 1, 1, 1, 1);
        assertThat(walk.ranges.subList(first, kept))
                .as("tried on little")
                .allSatisfy(request ->
                        assertThat(request.keys() / request.stripes()).isLessThanOrEqualTo(Sizing.TRIED_KEYS));
        assertThat(walk.stripes().subList(kept, 40)).containsOnly(8);
        assertThat(walk.ranges.getLast().keys()).as("and grown from there").isGreaterThan(8 * Sizing.TRIED_KEYS);
    }

    @Example
    void triesAllAfterAWhileAndKeepsTheBest() {
        Walk walk = tried(new Table());
        int first = walk.stripes().indexOf(16);
        assertThat(walk.stripes().subList(first - 2, first + 10)).containsExactly(8, 8, 16, 1, 1, 1, 1, 8, 16, 1, 1, 1);
        assertThat(walk.last()).isEqualTo(16);
    }

    /** Until all have been tried. */
    private static Walk tried(Table table) {
        return auto(table).ranges(StripeChoice.TRIED_AGAIN_AFTER / 8 + 40);
    }

    @Example
    void keepsEightWhereTheyAreFaster() {
        Table table = new Table();
        table.best = 8;
        assertThat(tried(table).last()).isEqualTo(8);
    }

    @Example
    void goesWithoutWhereStripesAreMuchSlower() {
        Table table = new Table();
        table.best = 8;
        table.striped = table.plain * 1.7;
        assertThat(auto(table).ranges(40).last()).isEqualTo(1);
        assertThat(tried(table).last()).isEqualTo(1);
    }

    @Example
    void aLittleSlowerIsWorthTheWalSaved() {
        Table table = new Table();
        table.best = 8;
        table.striped = table.plain * 1.3;
        assertThat(auto(table).ranges(40).last()).isEqualTo(8);
        assertThat(tried(table).last()).isEqualTo(8);
    }

    @Example
    void ofTwoThatAreAboutAsGoodItIsTheFirst() {
        Table table = new Table();
        table.more = 1.02;
        assertThat(tried(table).last()).isEqualTo(8);
    }

    /** What is tried later must not win because the server has got faster meanwhile. */
    @Example
    void aSlowBeginningOfTheTrialIsSharedByAll() {
        Table table = new Table();
        table.best = 8;
        table.more = 1.1;
        Walk walk = auto(table).ranges(40);
        while (!walk.sizing.choice().isTrying()) {
            walk.ranges(1);
        }
        table.slow = 0.6;
        assertThat(walk.ranges(40).last()).isEqualTo(8);
    }

    @Example
    void noneAreTriedWhereRowsAreChangedInPlaceAnyway() {
        Table table = new Table();
        table.plainShare = 0.9;
        assertThat(auto(table).ranges(100).stripes()).containsOnly(1);
    }

    @Example
    void restsWhileAnOldSnapshotHoldsTheHorizonLongerEachTime() {
        Table table = new Table();
        table.held = true;
        Walk walk = auto(table).ranges(4000);
        List<Integer> at = IntStream.range(0, 4000)
                .filter(i -> walk.stripes().get(i) > 1)
                .boxed()
                .toList();
        assertThat(at).as("ranges in stripes").hasSizeBetween(12, 20);
        for (int i = 4; i < at.size() - 2; i += 2) {
            assertThat(walk.stripes().subList(at.get(i), at.get(i) + 2)).containsExactly(8, 16);
            int before = at.get(i - 2) - at.get(i - 4);
            assertThat(at.get(i) - at.get(i - 2)).isGreaterThan(before).isLessThan(2 * before + 10);
        }

        table.held = false;
        walk.ranges(StripeChoice.LONGEST_REST + 50);
        List<Integer> afterwards = walk.stripes().reversed().subList(0, 50);
        assertThat(afterwards.stream().filter(k -> k == 16))
                .as("when the snapshot is gone")
                .hasSizeGreaterThan(30);
    }

    @Example
    void goesOnToMoreStripesWhereANeighbourTakesTheRoomOfFew() {
        Table table = new Table();
        table.shareOfEight = 0.2;
        Walk walk = auto(table).ranges(40);
        assertThat(walk.last()).isEqualTo(16);
        assertThat(walk.stripes().stream().filter(k -> k == 8))
                .as("given up at once")
                .hasSize(1);
    }

    @Example
    void aNumberThatLeavesLittleRoomIsNotKeptHoweverFast() {
        Table table = new Table();
        table.best = 8;
        table.shareOfEight = 0.28;
        Walk walk = auto(table).ranges(40);
        assertThat(walk.last()).isEqualTo(16);
        walk.ranges(60);
        assertThat(walk.stripes().stream().filter(k -> k == 8)).hasSizeLessThan(4);
    }

    @Example
    void stopsStripesAtTheFirstRangeThatIsNotChangedInPlace() {
        Table table = new Table();
        Walk walk = auto(table).ranges(40);
        table.held = true;
        walk.ranges(2);
        assertThat(walk.stripes().subList(40, 42)).containsExactly(8, 1);
    }

    @Example
    void theTrialComesWhenRowsAreChangedWhereThoseBeforeHadBeen() {
        Table table = new Table();
        table.density = 0;
        Walk walk = auto(table).ranges(60);
        assertThat(walk.stripes()).containsOnly(1);
        table.density = 1;
        walk.ranges(10);
        assertThat(walk.stripes().subList(60, 70)).containsExactly(1, 8, 1, 1, 1, 1, 8, 8, 8, 8);
    }

    @Example
    void aTrialThatComesToRowsThatNeedNoChangeGoesOnBehindThem() {
        Table table = new Table();
        Walk walk = auto(table);
        while (!walk.sizing.choice().isTrying()) {
            walk.ranges(1);
        }
        int first = walk.ranges.size();
        table.density = 0;
        walk.ranges(20);
        assertThat(walk.stripes().subList(first, first + 20)).startsWith(8, 1).containsOnlyOnce(8);
        assertThat(walk.ranges.getLast().keys()).as("of full length").isGreaterThan(Sizing.TRIED_KEYS);
        table.density = 1;
        walk.ranges(8);
        assertThat(walk.stripes().subList(first + 20, first + 28)).containsExactly(1, 8, 1, 1, 1, 1, 8, 8);
    }

    @Example
    void aFewRowsThatAreNotChangedInPlaceDoNotEndStripes() {
        Table table = new Table();
        Walk walk = auto(table).ranges(40);
        table.held = true;
        table.density = 0.001;
        walk.ranges(1);
        table.held = false;
        table.density = 1;
        walk.ranges(3);
        assertThat(walk.stripes().subList(40, 44)).containsExactly(8, 1, 8, 8);
    }

    @Example
    void aFewRowsThatAreChangedInPlaceAreNoReasonToTryNone() {
        Table table = new Table();
        table.density = 0.01;
        table.plainShare = 1;
        Walk walk = auto(table).ranges(30);
        table.density = 1;
        table.plainShare = 0.02;
        assertThat(walk.ranges(10).last()).isEqualTo(8);
    }

    @Example
    void noneWhereFewRowsAreChangedAllOverTheTable() {
        Table table = new Table();
        table.density = 0.05;
        Walk walk = auto(table).ranges(1000);
        assertThat(walk.stripes()).containsOnly(1);
        assertThat(walk.ranges.subList(30, 1000))
                .as("and no batch is cut for a trial")
                .allSatisfy(request -> assertThat(request.keys()).isGreaterThan(Sizing.TRIED_KEYS));
    }

    @Example
    void keysThatNeedNoChangeDoNotCountAsSpeed() {
        Table table = new Table();
        table.best = 8;
        Walk walk = auto(table);
        while (walk.ranges.isEmpty() || walk.last() != 8) {
            walk.ranges(1);
        }
        table.density = 0.2;
        table.plain /= 3;
        assertThat(walk.ranges(6).last()).isEqualTo(8);
    }

    @Example
    void triesAgainAfterAWhileAndFollows() {
        Table table = new Table();
        Walk walk = tried(table);
        assertThat(walk.last()).isEqualTo(16);
        table.best = 8;
        walk.ranges(StripeChoice.TRIED_AGAIN_AFTER / 16 + 30);
        assertThat(walk.last()).isEqualTo(8);
    }

    @Property
    void findsTheBestInNoise(@ForAll @IntRange(min = 0, max = 1000) int seed) {
        Table table = new Table();
        table.random.setSeed(seed);
        table.noise = 0.4;
        assertThat(auto(table).ranges(40).last()).isEqualTo(8);
        assertThat(tried(table).last()).isEqualTo(16);
    }

    @Property
    void rangesAreNeverTinyNorTooLarge(
            @ForAll @Scale(9) @DoubleRange(min = 1e-7, max = 1) double seconds,
            @ForAll @IntRange(min = 1, max = 2000) int rowsPerSecond) {
        Table table = new Table();
        table.plain = seconds;
        table.striped = seconds;
        Walk walk = auto(table).ranges(60);
        walk.ranges.add(walk.sizing.request(rowsPerSecond));
        assertThat(walk.ranges).allSatisfy(request -> {
            if (request.stripes() > 1) {
                assertThat(request.keys())
                        .isBetween(request.stripes() * Sizing.WORTH_A_BATCH, (int) (Sizing.RANGE_BYTES / 256));
            }
        });
        BatchRequest limited = walk.ranges.getLast();
        assertThat(limited.keys() / limited.stripes()).isLessThanOrEqualTo(rowsPerSecond);
    }

    @Example
    void eachStripeLastsAboutTheTarget() {
        Table table = new Table();
        table.plain = 2e-4;
        table.striped = 1e-4;
        BatchRequest request = auto(table).ranges(45).ranges.getLast();
        assertThat(request.stripes()).isEqualTo(8);
        assertThat(0.002 + request.keys() / 8 * 1e-4 * table.more).isBetween(0.16, 0.22);
    }

    @Example
    void aTimeoutHalvesTheNextRange() {
        Sizing sizing = auto(new Table()).ranges(40).sizing;
        BatchRequest before =
                new Sizing(BatchSize.startingAt(4000), sizing.choice(), sizing.largestRange()).request(null);
        BatchRequest after = new Sizing(BatchSize.startingAt(4000), sizing.choice(), sizing.largestRange())
                .halved(before)
                .request(null);
        assertThat(before).isEqualTo(new BatchRequest(32_000, 8));
        assertThat(after).isEqualTo(new BatchRequest(16_000, 8));
    }

    @Example
    void theRestOfARangeThatAnotherBeganIsNotJudged() {
        Walk walk = auto(new Table());
        walk.position = new Position(null, List.of("e"), 64, 60);
        for (int i = 0; i < 4; i++) {
            walk.batch(walk.sizing.request(null));
        }
        assertThat(walk.sizing.choice().measured()).isEmpty();
        assertThat(walk.ranges(40).last()).isEqualTo(8);
    }

    @Example
    void aGivenNumberIsKeptWhateverIsMeasured() {
        Table table = new Table();
        table.held = true;
        table.plain = 0.01;
        assertThat(new Walk(table, new Stripes.Fixed(4), FINE).ranges(50).stripes())
                .containsOnly(4);
        assertThat(new Walk(table, new Stripes.Off(), FINE).ranges(50).stripes())
                .containsOnly(1);
    }

    @Example
    void noneOnATableWhereTheyBringNothing() {
        assertThat(auto(new Table()).ranges(40).last()).isEqualTo(8);
        assertThat(without(heap("n", 3, 100, 1.0, 30.0))).contains("column \"n\"");
        assertThat(without(heap(null, 1, 100, 1.0, 30.0))).contains("no index but the key's");
        assertThat(without(heap(null, 3, 80, 1.0, 30.0))).contains("fillfactor of 80");
        assertThat(without(heap(null, 3, 100, -0.4, 30.0))).contains("correlation -0.40");
        assertThat(without(heap(null, 3, 100, 1.0, 3.5))).contains("3.5 rows");
        for (HeapFacts fine :
                List.of(heap(null, 2, 90, -1.0, 30.0), heap(null, 9, 100, null, null), HeapFacts.UNKNOWN)) {
            assertThat(StripesOfHeap.against(fine)).isEmpty();
        }
    }

    @Example
    void fewerStripesWhereAPageHoldsFewRows() {
        assertThat(new Walk(new Table(), new Stripes.Auto(), heap(null, 3, 100, 1.0, 6.0))
                        .ranges(60)
                        .stripes())
                .contains(4)
                .doesNotContain(8, 16);
        assertThat(new Walk(new Table(), new Stripes.Auto(), heap(null, 3, 100, 1.0, 12.0))
                        .ranges(60)
                        .stripes())
                .contains(8)
                .doesNotContain(16);
    }

    private static String without(HeapFacts heap) {
        assertThat(new Walk(new Table(), new Stripes.Auto(), heap).ranges(40).stripes())
                .containsOnly(1);
        return StripesOfHeap.against(heap).orElseThrow();
    }

    static HeapFacts heap(
            @Nullable String indexed,
            int indexes,
            int fillfactor,
            @Nullable Double correlation,
            @Nullable Double rowsPerPage) {
        return new HeapFacts(
                Optional.ofNullable(indexed),
                indexes,
                fillfactor,
                correlation == null ? OptionalDouble.empty() : OptionalDouble.of(correlation),
                rowsPerPage == null ? OptionalDouble.empty() : OptionalDouble.of(rowsPerPage),
                OptionalDouble.of(256),
                OptionalDouble.empty());
    }
}
