package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.batch.KeyType;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableInspection;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each source of cuts, on every key type: near-equal ranges, each row in one of them, whatever the order in the heap.
 */
class EveryKeyTest {
    private static final int ROWS = 30_000;
    private static final int PARTS = 8;

    private static TestTarget target;
    private static boolean icu;

    /** Keys of each type, skewed where the type allows; {@code g} counts the rows. */
    enum Key {
        SMALLINT("id smallint PRIMARY KEY", "g - 15000"),
        BIGINT("id bigint PRIMARY KEY", "g * g"),
        INT("id int PRIMARY KEY", "g * 3 - 50000"),
        INT_DESCENDING("id int NOT NULL", "g"),
        NUMERIC("id numeric PRIMARY KEY", "g::numeric / 7 - 1000"),
        UUID("id uuid PRIMARY KEY", "md5(g::text)::uuid"),
        TEXT("id text PRIMARY KEY", "md5(g::text)"),
        TEXT_ICU("id text COLLATE \"en-x-icu\" PRIMARY KEY", "(ARRAY['a','B','ä','Z','é'])[1 + g % 5] || g"),
        TEXT_NONDETERMINISTIC("id text COLLATE nd PRIMARY KEY", "(ARRAY['a','B','ä','Z','é'])[1 + g % 5] || g"),
        VARCHAR("id varchar(40) PRIMARY KEY", "'item ' || g"),
        CHAR("id char(12) PRIMARY KEY", "g::text"),
        DOMAIN_BIGINT("id whole_key PRIMARY KEY", "g * g"),
        DOMAIN_TEXT("id word_key PRIMARY KEY", "md5(g::text)"),
        DATE("id date PRIMARY KEY", "date '1000-01-01' + g * 5"),
        TIMESTAMP("id timestamp PRIMARY KEY", "timestamp '2026-01-01' + g * interval '1 second' / 3"),
        TIMESTAMPTZ("id timestamptz PRIMARY KEY", "timestamptz '2026-03-29' + power(g, 1.5) * interval '1 second'"),
        BYTEA("id bytea PRIMARY KEY", "decode(md5(g::text), 'hex')"),
        BYTEA_AND_MORE("a int, b bytea, PRIMARY KEY (a, b)", "g % 7, decode(md5(g::text), 'hex')"),
        INET("id inet PRIMARY KEY", "inet '10.0.0.0' + g * 77"),
        INTERVAL("id interval PRIMARY KEY", "g * interval '1 hour' - (g % 2) * interval '1 mon'"),
        FLOAT("id float8 PRIMARY KEY", "ln(g) / 3"),
        BITS("id bit(20) PRIMARY KEY", "g::bit(20)"),
        INT_ARRAY("id int[] PRIMARY KEY", "ARRAY[g % 100, g]"),
        TEXT_ARRAY("id text[] PRIMARY KEY", "ARRAY['a,\"{' || g % 100, g::text]"),
        RANGE("id int4range PRIMARY KEY", "int4range(g, g + 1 + g % 3)"),
        PAIR("id odd.pair PRIMARY KEY", "ROW(nullif(g % 100, 0), 'b' || g)::odd.pair"),
        ENUM_AND_MORE(
                "a odd.\"Mood's\", b int, PRIMARY KEY (a, b)", "(enum_range(NULL::odd.\"Mood's\"))[1 + g % 8], g"),
        // its order is not the order of its text
        CITEXT("id elsewhere.citext PRIMARY KEY", "(ARRAY['a','B','c','Z','m'])[1 + g % 5] || g"),
        COMPOSITE("a int, b uuid, PRIMARY KEY (a, b)", "g % 1000, md5(g::text)::uuid"),
        // nine tenths of the rows are of one tenant
        THREE_TENANTS(
                "tenant text, id bigint, PRIMARY KEY (tenant, id)",
                "CASE WHEN g % 100 = 0 THEN 'A' WHEN g % 10 = 0 THEN 'c' ELSE 'b' END, g");

        final String columns;
        final String values;

        Key(String columns, String values) {
            this.columns = columns;
            this.values = values;
        }

        String table() {
            return "every_" + name().toLowerCase(Locale.ROOT);
        }

        boolean single() {
            return !columns.contains(",");
        }
    }

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db().run(KeyType.DOMAINS.toArray(String[]::new));
        target.db().run("CREATE SCHEMA elsewhere", "ALTER EXTENSION citext SET SCHEMA elsewhere");
        icu = !target.db()
                .value("SELECT count(*) FROM pg_collation WHERE collname = 'en-x-icu'")
                .equals("0");
        if (icu) {
            target.db().run("CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        }
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @ParameterizedTest
    @EnumSource
    void everySourceCutsIntoNearEqualRanges(Key key) {
        Assumptions.assumeTrue(icu || !key.columns.contains("COLLATE"), "the server has no ICU");
        TableFacts facts = make(key);
        List<KeyRange> ranges = Ranges.of(target.database(), facts, PARTS);
        check(facts, ranges, "walked");
        KeyRange whole = new KeyRange(
                ranges.getFirst().relation(),
                facts.keyColumns(),
                null,
                ranges.getLast().upper());
        var leaf = facts.leaves().getFirst();

        Heap heap = Heap.of(target.database(), leaf);
        PageSample sample =
                PageSample.of(target.database(), facts, heap, whole, PARTS).orElseThrow();
        check(facts, Ranges.between(whole, sample.cuts()), "sampled");

        Optional<Histogram> histogram = Histogram.of(target.database(), facts, leaf, whole);
        // of ranges PostgreSQL keeps another kind of statistics
        assertThat(histogram.isPresent()).isEqualTo(key.single() && key != Key.RANGE);
        if (histogram.isPresent()) {
            var cuts = histogram.get().cuts(PARTS).orElseThrow();
            check(facts, Ranges.between(whole, cuts), "by the histogram");
        }

        List<String> half = Midpoint.of(target.database(), facts, whole, 1000).orElseThrow();
        Cut halves = Cut.of(target.database(), facts, Ranges.between(whole, List.of(half)));
        assertThat(halves.eachRowOnce()).isTrue();
        assertThat(halves.ratio()).as("halves").isLessThan(1.2);
        KeyRange second = Ranges.between(whole, List.of(half)).getLast();
        assertThat(Remaining.estimate(target.database(), facts, second))
                .isCloseTo(halves.sizes().getLast(), Percentage.withPercentage(10));
    }

    private static void check(TableFacts facts, List<KeyRange> ranges, String source) {
        Cut cut = Cut.of(target.database(), facts, ranges);
        assertThat(cut.eachRowOnce())
                .as("each row once, " + source + ": " + cut)
                .isTrue();
        assertThat(cut.sizes()).as(source).hasSize(PARTS);
        assertThat(cut.ratio()).as(source + ": " + cut.sizes()).isLessThanOrEqualTo(1.3);
    }

    private static TableFacts make(Key key) {
        String table = key.table();
        target.db()
                .run("CREATE TABLE " + table + " (" + key.columns + ", n int NOT NULL DEFAULT 0)"
                        + " WITH (autovacuum_enabled = false)");
        if (key == Key.INT_DESCENDING) {
            target.db().run("CREATE UNIQUE INDEX ON " + table + " (id DESC)");
        }
        target.db()
                .run(
                        "INSERT INTO " + table + " SELECT " + key.values + " FROM (SELECT g FROM generate_series(1, "
                                + ROWS + ") g ORDER BY random()) AS s",
                        "SELECT pg_stat_force_next_flush()",
                        "ANALYZE " + table);
        return TableInspection.inspect(
                target.database(),
                new TableName("public", table),
                key == Key.INT_DESCENDING ? List.of("id") : List.of());
    }
}
