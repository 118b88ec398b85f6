package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Pass;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Small tables, partitioned ones, and statistics that are not true any more. */
class RangesTest {
    private static TestTarget target;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @Test
    void anEmptyTableIsOneRangeWithoutAnEnd() {
        table("empty", 0);
        assertThat(ranges("empty", 8)).singleElement().satisfies(range -> {
            assertThat(range.lower()).isNull();
            assertThat(range.upper()).isNull();
        });
    }

    @Test
    void oneRowIsOneRange() {
        table("single", 1);
        assertThat(ranges("single", 8))
                .containsExactly(new KeyRange("\"public\".\"single\"", List.of("id bigint"), null, List.of("1")));
    }

    @Test
    void fewerRowsThanPartitionsAreARangeEach() {
        table("three", 3);
        assertThat(Cut.of(target.database(), target.facts("three"), ranges("three", 8))
                        .sizes())
                .containsExactly(1L, 1L, 1L);
    }

    @Test
    void rowsThatCannotBeSharedOutEvenlyDifferByOne() {
        table("ten", 10);
        assertThat(Cut.of(target.database(), target.facts("ten"), ranges("ten", 4))
                        .sizes())
                .containsExactly(3L, 2L, 3L, 2L);
    }

    @Test
    void rangesBeginAfterOneAnotherAndEndAtTheLastKey() {
        table("chained", 100);
        List<KeyRange> ranges = ranges("chained", 3);
        assertThat(ranges.getFirst().lower()).isNull();
        assertThat(ranges.get(1).lower()).isEqualTo(ranges.get(0).upper());
        assertThat(ranges.get(2).lower()).isEqualTo(ranges.get(1).upper());
        assertThat(ranges.getLast().upper()).containsExactly("100");
        assertThat(ranges("chained", 1))
                .containsExactly(new KeyRange("\"public\".\"chained\"", List.of("id bigint"), null, List.of("100")));
    }

    @Test
    void aCheckpointStandsAtTheLowerEndOfItsRange() {
        table("begun", 100);
        List<KeyRange> ranges = ranges("begun", 4);
        UUID run = target.mandated();
        target.checkpoints().begin(run, 0, Pass.Kind.MIGRATE, null, ranges, 1);
        for (int i = 0; i < 4; i++) {
            Claim claim = target.claims(run).claim(new PartitionId(run, 0, i)).orElseThrow();
            assertThat(claim.position().cursor()).isEqualTo(ranges.get(i).lower());
            assertThat(claim.upper()).isEqualTo(ranges.get(i).upper());
        }
    }

    @Test
    void fewerThanOnePartitionIsRefused() {
        table("none", 1);
        assertThatThrownBy(() -> ranges("none", 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("A table cannot be cut into 0 partitions; ask for 1 or more.");
    }

    @Test
    void everyLeafIsARangeOfItsOwnAndALargeOneIsCut() {
        target.db()
                .run(
                        "CREATE TABLE leafy (id bigint PRIMARY KEY) PARTITION BY RANGE (id)",
                        "CREATE TABLE leafy_large PARTITION OF leafy FOR VALUES FROM (0) TO (100000)",
                        "CREATE TABLE leafy_small PARTITION OF leafy FOR VALUES FROM (100000) TO (200000)",
                        "CREATE TABLE leafy_empty PARTITION OF leafy FOR VALUES FROM (200000) TO (300000)",
                        "CREATE TABLE leafy_middle PARTITION OF leafy FOR VALUES FROM (300000) TO (400000)",
                        "INSERT INTO leafy SELECT generate_series(1, 60000)",
                        "INSERT INTO leafy SELECT generate_series(100001, 100100)",
                        "INSERT INTO leafy SELECT generate_series(300001, 319900)");
        for (boolean analysed : new boolean[] {false, true}) {
            if (analysed) {
                target.db().run("ANALYZE leafy");
            }
            List<KeyRange> ranges = ranges("leafy", 4);
            Cut cut = Cut.of(target.database(), target.facts("leafy"), ranges);
            assertThat(cut.eachRowOnce()).isTrue();
            // a lane's share is 20,000
            assertThat(cut.sizes()).allMatch(size -> size <= 1.3 * 20_000);
            assertThat(ranges.stream().map(KeyRange::relation).distinct())
                    .containsExactly(
                            "\"public\".\"leafy_large\"",
                            "\"public\".\"leafy_small\"",
                            "\"public\".\"leafy_empty\"",
                            "\"public\".\"leafy_middle\"");
            assertThat(ranges).filteredOn(r -> r.relation().contains("empty")).hasSize(1);
            assertThat(ranges).filteredOn(r -> r.relation().contains("small")).hasSize(1);
            assertThat(ranges).filteredOn(r -> r.relation().contains("large")).hasSizeBetween(3, 4);
        }
    }

    @Test
    void aHistogramOfATableThatHasGrownSinceIsNotUsed() {
        table("grown", 250_000);
        target.db()
                .run(
                        "ALTER TABLE grown SET (autovacuum_enabled = false)",
                        "ANALYZE grown",
                        "INSERT INTO grown SELECT g * 1000 FROM generate_series(251, 250250) g");
        TableFacts facts = target.facts("grown");
        List<KeyRange> ranges = ranges("grown", 8);
        assertThat(Histogram.of(target.database(), facts, facts.leaves().getFirst(), whole("grown"))
                        .orElseThrow()
                        .fresh())
                .isFalse();
        Cut cut = Cut.of(target.database(), facts, ranges);
        assertThat(cut.eachRowOnce()).isTrue();
        assertThat(cut.ratio()).as(cut.sizes().toString()).isLessThanOrEqualTo(1.3);
    }

    @Test
    void aHistogramThatLiesOutsideOfTheKeysIsNotUsed() {
        List<List<String>> cuts = List.of(List.of("7"));
        List<String> bounds = IntStream.range(0, 15).mapToObj(String::valueOf).toList();
        assertThat(new Histogram(bounds, 14, true).cuts(2)).contains(cuts);
        assertThat(new Histogram(bounds, 14, false).cuts(2)).isEmpty();
        assertThat(new Histogram(bounds, 16, true).cuts(2)).isEmpty();
    }

    @Test
    void aFileThatIsNearlyEmptyIsWalked() {
        table("bloated", 300_000);
        target.db()
                .run(
                        "ALTER TABLE bloated SET (autovacuum_enabled = false)",
                        "ANALYZE bloated",
                        "DELETE FROM bloated WHERE id % 600 <> 0",
                        "SELECT pg_stat_force_next_flush()");
        TableFacts facts = target.facts("bloated");
        assertThat(Heap.of(target.database(), facts.leaves().getFirst()).rows()).isGreaterThan(Ranges.WALKED_KEYS);
        Cut cut = Cut.of(target.database(), facts, ranges("bloated", 8));
        assertThat(cut.eachRowOnce()).isTrue();
        assertThat(cut.sizes()).hasSize(8).allMatch(size -> size == 62 || size == 63);
    }

    @Test
    void wideRowsThatWereNeverAnalysedAreNotTakenForMany() {
        target.db()
                .run(
                        "CREATE TABLE wide (id bigint PRIMARY KEY, pad text) WITH (autovacuum_enabled = false)",
                        "INSERT INTO wide SELECT g, repeat('x', 700) FROM generate_series(1, 60000) g");
        TableFacts facts = target.facts("wide");
        Heap heap = Heap.of(target.database(), facts.leaves().getFirst());
        assertThat(heap.rows()).isBetween(57_000L, 63_000L);
        assertThat(PageSample.of(target.database(), facts, heap, whole("wide"), 32))
                .get()
                .satisfies(sample -> assertThat(sample.evenFor(32)).isTrue());
    }

    @Test
    void namesThatNeedQuotesAreQuoted() {
        target.db()
                .run(
                        "CREATE TABLE \"Odd \"\"name's\" (\"the \"\"Key?\" text COLLATE \"C\" PRIMARY KEY)",
                        "INSERT INTO \"Odd \"\"name's\" SELECT chr(34) || g || chr(39) || '?,{}\\' FROM generate_series(1, 5000) g",
                        "SELECT pg_stat_force_next_flush()",
                        "ANALYZE \"Odd \"\"name's\"");
        String name = "Odd \"name's";
        TableFacts facts = target.facts(name);
        assertThat(Cut.of(target.database(), facts, ranges(name, 5)).sizes())
                .allMatch(size -> size > 900 && size < 1100);
        Histogram histogram = Histogram.of(
                        target.database(), facts, facts.leaves().getFirst(), whole(name))
                .orElseThrow();
        Cut cut = Cut.of(
                target.database(),
                facts,
                Ranges.between(whole(name), histogram.cuts(5).orElseThrow()));
        assertThat(cut.eachRowOnce()).isTrue();
        assertThat(cut.ratio()).isLessThan(1.2);
    }

    private static void table(String name, int rows) {
        target.db()
                .run(
                        "CREATE TABLE " + name + " (id bigint PRIMARY KEY)",
                        "INSERT INTO " + name + " SELECT generate_series(1, " + rows + ")");
    }

    private static List<KeyRange> ranges(String table, int partitions) {
        return Ranges.of(target.database(), target.facts(table), partitions);
    }

    private static KeyRange whole(String table) {
        return ranges(table, 1).getFirst();
    }
}
