package dev.sluice.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the catalog tells about changes in place. */
class HeapFactsTest {
    private static TestTarget target;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "plain | CREATE INDEX ON plain (b) | none",
                "own | CREATE INDEX ON own (n) | n",
                "second | CREATE INDEX ON second (b, n) | n",
                "included | CREATE INDEX ON included (b) INCLUDE (n) | n",
                "expression | CREATE INDEX ON expression ((n + 1)) | n",
                "predicate | CREATE INDEX ON predicate (b) WHERE n = 0 | n",
                "hashed | CREATE INDEX ON hashed USING hash (n) | n",
                "generated | CREATE INDEX ON generated (twice) | twice",
                "unlike | CREATE INDEX ON unlike (b) WHERE b > 0 | none"
            })
    void aChangedColumnInAnIndexIsNamed(String table, String index, String column) {
        table(table, index);
        assertThat(facts(table).indexedColumn()).isEqualTo(Optional.ofNullable(column));
    }

    @Test
    void anIndexThatSumsUpBlocksARowsPlaceOnOldServersAlone() {
        table("summed", "CREATE INDEX ON summed USING brin (n)");
        assertThat(facts("summed").indexedColumn())
                .isEqualTo(target.db().version() < 16 ? Optional.of("n") : Optional.empty());
    }

    @Test
    void indexesFillfactorAndWhatStatisticsSay() {
        table("wide", "CREATE INDEX ON wide (b)", "ALTER TABLE wide SET (fillfactor = 70)");
        HeapFacts before = facts("wide");
        assertThat(before.indexes()).isEqualTo(2);
        assertThat(before.fillfactor()).isEqualTo(70);
        assertThat(before.correlation()).isEmpty();
        assertThat(before.rowsPerPage()).isEmpty();
        assertThat(before.rowBytes()).isEmpty();

        target.db().run("INSERT INTO wide (id) SELECT generate_series(1, 5000)", "ANALYZE wide");
        HeapFacts after = facts("wide");
        assertThat(after.correlation()).hasValue(1);
        assertThat(after.rowsPerPage().orElseThrow()).isBetween(50.0, 200.0);
        assertThat(after.rowBytes().orElseThrow() * after.rowsPerPage().orElseThrow())
                .isBetween(8191.0, 8193.0);
    }

    @Test
    void keysThatDoNotFollowTheHeapHaveNoCorrelation() {
        table("scattered");
        target.db()
                .run(
                        "INSERT INTO scattered (id) SELECT g FROM generate_series(1, 5000) g ORDER BY md5(g::text)",
                        "ANALYZE scattered");
        assertThat(Math.abs(facts("scattered").correlation().orElseThrow())).isLessThan(0.1);
    }

    @Test
    void aNameThatNeedsQuotesAndALeafOfItsOwn() {
        target.db()
                .run(
                        "CREATE TABLE \"Odd 'table\" (\"The Id\" int PRIMARY KEY, n int) PARTITION BY RANGE (\"The Id\")",
                        "CREATE TABLE \"Odd 'leaf\" PARTITION OF \"Odd 'table\" DEFAULT WITH (fillfactor = 50)",
                        "CREATE INDEX ON \"Odd 'leaf\" (n)",
                        "INSERT INTO \"Odd 'table\" SELECT g, 0 FROM generate_series(1, 100) g",
                        "ANALYZE \"Odd 'table\"");
        HeapFacts leaf = HeapFacts.of(target.database(), "\"public\".\"Odd 'leaf\"", "The Id", List.of("n"));
        assertThat(leaf.fillfactor()).isEqualTo(50);
        assertThat(leaf.indexedColumn()).contains("n");
        assertThat(leaf.correlation()).hasValue(1);
    }

    @Test
    void ofATableThatIsGoneNothingIsKnown() {
        assertThat(facts("nowhere")).isEqualTo(HeapFacts.UNKNOWN);
    }

    private static void table(String name, String... more) {
        target.db()
                .run("CREATE TABLE " + name + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, b int,"
                        + " twice int GENERATED ALWAYS AS (n * 2) STORED)");
        target.db().run(more);
    }

    private static HeapFacts facts(String table) {
        return HeapFacts.of(target.database(), "\"public\".\"" + table + "\"", "id", List.of("n"));
    }
}
