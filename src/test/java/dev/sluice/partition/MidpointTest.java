package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Halves of what is left of a partition. */
class MidpointTest {
    private static TestTarget target;
    private static TableFacts facts;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY)",
                        "ALTER TABLE t SET (autovacuum_enabled = false)",
                        "INSERT INTO t SELECT g * 10 FROM generate_series(1, 130000) g");
        facts = target.facts("t");
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @Test
    void twiceTheMinimumIsCutInTheMiddle() {
        assertThat(Midpoint.of(target.database(), facts, left("0", "200"), 10)).contains(List.of("100"));
    }

    @Test
    void lessThanTwiceTheMinimumIsNotCut() {
        assertThat(Midpoint.of(target.database(), facts, left("0", "190"), 10)).isEmpty();
        assertThat(Midpoint.of(target.database(), facts, left("0", "50"), 10)).isEmpty();
        assertThat(Midpoint.of(target.database(), facts, left("500", "500"), 1)).isEmpty();
    }

    @Test
    void keysOutsideOfTheRangeDoNotCount() {
        assertThat(Midpoint.of(target.database(), facts, left("1000", "2000"), 10))
                .contains(List.of("1500"));
        assertThat(Remaining.estimate(target.database(), facts, left("1000", "2000")))
                .isEqualTo(100);
    }

    @Test
    void ofAnEmptyPartitionNothingIsLeft() {
        KeyRange nothing = new KeyRange("\"public\".\"t\"", facts.keyColumns(), null, null);
        assertThat(Midpoint.of(target.database(), facts, nothing, 1)).isEmpty();
        assertThat(Remaining.estimate(target.database(), facts, nothing)).isZero();
    }

    @Test
    void whereNothingTellsTheCutComesAfterTheKeysThatWereWalked() {
        target.db().run("CREATE TABLE other (id bigint PRIMARY KEY)");
        TableFacts old = target.facts("other"); // a leaf that is not known any more
        KeyRange all = left("0", "1300000");
        assertThat(Midpoint.of(target.database(), old, all, 1000))
                .contains(List.of(Long.toString(10 * Midpoint.WALKED_KEYS)));
        assertThat(Remaining.estimate(target.database(), old, all)).isEqualTo(Remaining.COUNTED_KEYS);
        // too few are left after these
        assertThat(Midpoint.of(target.database(), old, all, 40_000)).contains(List.of("400000"));
    }

    private static KeyRange left(String cursor, String upper) {
        return new KeyRange("\"public\".\"t\"", facts.keyColumns(), List.of(cursor), List.of(upper));
    }
}
