package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cutting reads, as the server counted it: bounded, by the index or page by page, never by a sequential scan. */
class CostTest {
    private final TestTarget target = LargeTables.target();

    /**
     * Blocks looked at, in the buffer cache or not.
     *
     * @param heap of the table
     * @param index of its indexes
     * @param sequentialScans begun
     */
    record Cost(long heap, long index, long sequentialScans) {
        Cost minus(Cost other) {
            return new Cost(heap - other.heap, index - other.index, sequentialScans - other.sequentialScans);
        }
    }

    @ParameterizedTest
    @CsvSource({"never, 2", "never, 32", "analysed, 32", "shuffled, 8", "tenants, 8"})
    void aSampleReadsAPartOfTheTable(String table, int partitions) {
        TableFacts facts = target.facts(table);
        long pages = Heap.of(target.database(), facts.leaves().getFirst()).pages();
        Cost cost = cost(table, database -> Ranges.of(database, facts, partitions));
        assertThat(cost.sequentialScans()).isZero();
        // those of the sample, those that tell how many rows a page has, and one with the last key
        assertThat(cost.heap()).isBetween(900L, Math.max(PageSample.FEWEST_PAGES, pages / 4) + Heap.PROBED_PAGES + 1);
        assertThat(cost.index()).isLessThan(10);
    }

    @Test
    void aHistogramReadsNoneOfIt() {
        TableFacts facts = target.facts("analysed");
        Cost cost = cost("analysed", database -> Ranges.of(database, facts, 8));
        assertThat(cost.sequentialScans()).isZero();
        assertThat(cost.heap() + cost.index()).as("to find the last key").isLessThan(10);
    }

    @Test
    void aWalkReadsTheIndexAlone() {
        target.db()
                .run(
                        "CREATE TABLE walked (id bigint PRIMARY KEY, n int)",
                        "INSERT INTO walked SELECT g, g FROM generate_series(1, 60000) g");
        // as long as another session's snapshot is older than the rows, they cannot be marked as visible to all
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            target.db().run("VACUUM walked", "SELECT pg_stat_force_next_flush()");
            return target.db()
                    .value("SELECT relallvisible = relpages FROM pg_class WHERE relname = 'walked'")
                    .equals("t");
        });
        TableFacts facts = target.facts("walked");
        Cost cost = cost("walked", database -> Ranges.of(database, facts, 8));
        assertThat(cost.sequentialScans()).isZero();
        // of the visibility map, once for each hop
        assertThat(cost.heap()).isLessThan(20);
        assertThat(cost.index()).isLessThan(60_000 / 300);
    }

    @ParameterizedTest
    @CsvSource({"never", "analysed", "tenants"})
    void halvingAndEstimatingReadABoundedPart(String table) {
        TableFacts facts = target.facts(table);
        KeyRange whole = Ranges.of(target.database(), facts, 1).getFirst();
        Cost cost = cost(table, database -> {
            Midpoint.of(database, facts, whole, 1000);
            Remaining.estimate(database, facts, whole);
        });
        assertThat(cost.sequentialScans()).isZero();
        // each page of the heap once for the keys in its order, which a tenant's rows share with others'
        assertThat(cost.heap()).isLessThan(10_000);
        assertThat(cost.index()).isLessThan(2_000);
    }

    @ParameterizedTest
    @CsvSource({"never, 0, 20", "shuffled, 500, 1000", "tenants, 0, 20"})
    void lookingAheadReadsTheNextKeysAlone(String table, long least, long most) {
        TableFacts facts = target.facts(table);
        KeyRange whole = Ranges.of(target.database(), facts, 1).getFirst();
        Cost cost = cost(table, database -> RowsAhead.onOnePage(database, facts, whole));
        assertThat(cost.sequentialScans()).isZero();
        assertThat(cost.heap()).isBetween(least, most);
        assertThat(cost.index()).isLessThan(20);
    }

    /** The sessions tell what they read when they end. */
    private Cost cost(String table, Consumer<Database> work) {
        Cost before = read(table);
        var fresh = target.db();
        try (Database database =
                Database.open(DatabaseSettings.of("cost", fresh.url(), fresh.user(), fresh.password()))) {
            work.accept(database);
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> sessions() <= sessionsOfTheTarget());
        return read(table).minus(before);
    }

    private long sessions() {
        return Long.parseLong(target.db()
                .value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND application_name = 'sluice'"));
    }

    private long sessionsOfTheTarget() {
        return target.database().pool().getHikariPoolMXBean().getTotalConnections();
    }

    private Cost read(String table) {
        target.database().sql().execute("SELECT pg_stat_force_next_flush()");
        String[] parts = target.db()
                .value("SELECT concat_ws(' ', heap_blks_read + heap_blks_hit, idx_blks_read + idx_blks_hit, s.seq_scan)"
                        + " FROM pg_statio_user_tables JOIN pg_stat_user_tables s USING (relid) WHERE s.relname = '"
                        + table + "'")
                .split(" ");
        List<Long> numbers = Arrays.stream(parts).map(Long::valueOf).toList();
        return new Cost(numbers.get(0), numbers.get(1), numbers.get(2));
    }
}
