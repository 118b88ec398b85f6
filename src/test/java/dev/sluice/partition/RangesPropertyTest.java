package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.batch.KeyType;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableInspection;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * Ranges are the table without overlap: whatever the key, its values and the number of partitions, from each source.
 */
class RangesPropertyTest {
    private static final TestTarget target = TestTarget.create(Duration.ofSeconds(30));
    private static final boolean icu = makeCollation();
    private static int tables;

    private static boolean makeCollation() {
        target.db().run(KeyType.DOMAINS.toArray(String[]::new));
        String found = target.db().value("SELECT count(*) FROM pg_collation WHERE collname = 'en-x-icu'");
        if (found.equals("0")) {
            return false;
        }
        target.db().run("CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        return true;
    }

    @AfterContainer
    static void stop() {
        target.close();
    }

    @Property(tries = 60, shrinking = ShrinkingMode.OFF)
    void everyRowIsInOneRange(
            @ForAll @Size(min = 1, max = 3) List<KeyType> types,
            @ForAll @IntRange(min = 0, max = 200) int rows,
            @ForAll @IntRange(min = 1, max = 40) int partitions,
            @ForAll @IntRange(min = 1, max = 30) int minimum,
            @ForAll boolean descending,
            @ForAll boolean leaves,
            @ForAll long seed)
            throws SQLException {
        List<KeyType> key = types.stream()
                .map(t -> t.needsIcu() && !icu ? KeyType.TEXT_C : t)
                .toList();
        boolean hashed = leaves && key.getFirst().hashed();
        String table = "t" + ++tables;
        make(table, key, descending, hashed, rows, new Random(seed));
        TableFacts facts = TableInspection.inspect(target.database(), new TableName("public", table), columns(key));

        List<KeyRange> ranges = Ranges.of(target.database(), facts, partitions);
        Cut cut = Cut.of(target.database(), facts, ranges);
        assertThat(cut.eachRowOnce()).as("%s in %s", cut, ranges).isTrue();
        if (cut.rows() > 0 && !hashed) {
            assertThat(cut.sizes())
                    .hasSize((int) Math.min(partitions, cut.rows()))
                    .allMatch(size -> size > 0);
        }
        for (KeyRange whole : Ranges.of(target.database(), facts, 1)) {
            long all = Cut.count(target.database(), facts, whole);
            assertThat(Remaining.estimate(target.database(), facts, whole)).isLessThanOrEqualTo(2 * all + 10);
            checkMidpoint(facts, whole, all, minimum);
            checkSample(facts, whole, all, partitions);
            checkHistogram(facts, whole);
        }
        target.db().run("DROP TABLE " + table);
    }

    private static void checkMidpoint(TableFacts facts, KeyRange whole, long all, int minimum) {
        var middle = Midpoint.of(target.database(), facts, whole, minimum);
        assertThat(middle.isPresent()).isEqualTo(all >= 2L * minimum);
        middle.ifPresent(key -> {
            List<Long> halves = Ranges.between(whole, List.of(key)).stream()
                    .map(half -> Cut.count(target.database(), facts, half))
                    .toList();
            assertThat(halves.get(0) + halves.get(1)).isEqualTo(all);
            assertThat(halves).allMatch(half -> half >= minimum);
        });
    }

    private static void checkSample(TableFacts facts, KeyRange whole, long all, int parts) {
        Heap heap =
                Heap.of(target.database(), Leaves.of(facts, whole.relation()).orElseThrow());
        PageSample.of(target.database(), facts, heap, whole, parts).ifPresent(sample -> {
            // all pages are read
            assertThat(sample.inside()).isEqualTo(whole.upper() == null ? sample.inside() : all);
            if (whole.upper() != null) {
                List<Long> sizes = Ranges.between(whole, sample.cuts()).stream()
                        .map(range -> Cut.count(target.database(), facts, range))
                        .toList();
                assertThat(sizes.stream().mapToLong(s -> s).sum()).isEqualTo(all);
                assertThat(sizes).hasSize((int) Math.min(parts, all)).allMatch(size -> size > 0);
            }
        });
    }

    private static void checkHistogram(TableFacts facts, KeyRange whole) {
        if (whole.upper() != null) {
            Histogram.of(
                            target.database(),
                            facts,
                            Leaves.of(facts, whole.relation()).orElseThrow(),
                            whole)
                    .ifPresent(histogram -> {
                        List<List<String>> cuts = histogram.bounds().stream()
                                .limit(histogram.bounds().size() - 1L)
                                .map(List::of)
                                .toList();
                        List<Long> sizes = Ranges.between(whole, cuts).stream()
                                .map(range -> Cut.count(target.database(), facts, range))
                                .toList();
                        assertThat(sizes).as("bins of %s", histogram).allMatch(size -> size > 0);
                    });
        }
    }

    private static List<String> columns(List<KeyType> key) {
        return IntStream.range(0, key.size()).mapToObj(i -> "k" + i).toList();
    }

    private static void make(
            String table, List<KeyType> key, boolean descending, boolean hashed, int rows, Random random)
            throws SQLException {
        String definitions = IntStream.range(0, key.size())
                .mapToObj(i -> "k" + i + " " + key.get(i).sql + " NOT NULL")
                .collect(Collectors.joining(", "));
        target.db().run("CREATE TABLE " + table + " (" + definitions + ")" + (hashed ? " PARTITION BY HASH (k0)" : ""));
        for (int i = 0; hashed && i < 3; i++) {
            target.db()
                    .run("CREATE TABLE " + table + "_" + i + " PARTITION OF " + table
                            + " FOR VALUES WITH (MODULUS 3, REMAINDER " + i + ")");
        }
        target.db()
                .run("CREATE UNIQUE INDEX ON " + table + " ("
                        + columns(key).stream()
                                .map(c -> c + (descending ? " DESC" : ""))
                                .collect(Collectors.joining(", "))
                        + ")");
        String values = key.stream()
                .map(k -> "CAST(? AS " + k.sql.replaceAll(" COLLATE.*", "") + ")")
                .collect(Collectors.joining(", "));
        try (Connection c = target.db().connect();
                PreparedStatement s = c.prepareStatement(
                        "INSERT INTO " + table + " VALUES (" + values + ") ON CONFLICT DO NOTHING")) {
            c.setAutoCommit(false);
            for (int row = 0; row < rows; row++) {
                for (int i = 0; i < key.size(); i++) {
                    s.setObject(i + 1, key.get(i).value(random), Types.OTHER);
                }
                s.addBatch();
            }
            s.executeBatch();
            c.commit();
        }
        target.db().run("ANALYZE " + table);
    }
}
