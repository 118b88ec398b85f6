package dev.sluice.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is seen of the rows that a walk comes to next. */
class RowsAheadTest {
    /** Rows of this width lie by thirty on a page. */
    private static final String PAD = "pad text NOT NULL DEFAULT repeat('x', 220)";

    private static final double ON_A_PAGE = 30;

    private TestTarget target;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofMillis(100));
    }

    @AfterEach
    void stop() {
        target.close();
    }

    @Test
    void rowsInTheOrderOfTheKeyLieTogether() {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 30000) g");
        assertThat(seen(null, "30000")).isCloseTo(ON_A_PAGE, Offset.offset(1.5));
        assertThat(seen("15000", "30000")).isCloseTo(ON_A_PAGE, Offset.offset(1.5));
    }

    @Test
    void randomKeysDoNot() {
        table("id uuid PRIMARY KEY", "SELECT md5(g::text)::uuid FROM generate_series(1, 30000) g");
        assertThat(seen(null, "ffffffff-ffff-ffff-ffff-ffffffffffff")).isLessThan(3);
        assertThat(seen("80000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"))
                .isLessThan(3);
    }

    @Test
    void someThatWereMovedDoNotHideThatTheOthersLieTogether() {
        table(
                "id bigint PRIMARY KEY",
                "SELECT g FROM generate_series(1, 30000) g ORDER BY CASE WHEN g % 5 < 2 THEN md5(g::text) ELSE '' END, g");
        assertThat(seen(null, "30000")).isBetween(16.0, 20.0);
    }

    @Test
    void onlyTheKeysAfterTheCursorUpToTheLastOneCount() {
        // the first half in random order, the second in order
        table(
                "a int, b text COLLATE \"C\", PRIMARY KEY (a, b)",
                "SELECT g / 1000, to_char(g % 1000, 'FM0000') FROM generate_series(0, 29999) g"
                        + " ORDER BY CASE WHEN g < 15500 THEN md5(g::text) ELSE 'x' END, g");
        assertThat(seen(null, List.of("29", "0999"))).isLessThan(5);
        assertThat(seen(List.of("15", "0499"), List.of("29", "0999"))).isCloseTo(ON_A_PAGE, Offset.offset(1.5));
        assertThat(seen(List.of("14", "0999"), List.of("15", "0499"))).isLessThan(5);
    }

    @Test
    void fewKeysTellNothing() {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 1000) g");
        assertThat(RowsAhead.onOnePage(target.database(), facts(), left(List.of("900"), List.of("1000"))))
                .isPresent();
        assertThat(RowsAhead.onOnePage(target.database(), facts(), left(List.of("901"), List.of("1000"))))
                .isEmpty();
        assertThat(RowsAhead.onOnePage(target.database(), facts(), left(List.of("500"), List.of("599"))))
                .isEmpty();
        assertThat(RowsAhead.onOnePage(target.database(), facts(), left(List.of("1000"), List.of("1000"))))
                .isEmpty();
        assertThat(RowsAhead.onOnePage(target.database(), facts(), left(null, null)))
                .as("an empty partition")
                .isEmpty();
    }

    @Test
    void whatCannotBeReadIsNotWaitedFor() throws SQLException {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 1000) g");
        TableFacts facts = facts();
        try (Connection other = target.db().connect();
                Statement s = other.createStatement()) {
            other.setAutoCommit(false);
            s.execute("LOCK TABLE t");
            assertThat(RowsAhead.onOnePage(target.database(), facts, left(null, List.of("1000"))))
                    .isEmpty();
        }
        target.db().run("ALTER TABLE t RENAME TO gone");
        assertThat(RowsAhead.onOnePage(target.database(), facts, left(null, List.of("1000"))))
                .isEmpty();
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsSaidToBeAway() {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 1000) g");
        TableFacts facts = facts();
        target.database().close();
        assertThatThrownBy(() -> RowsAhead.onOnePage(target.database(), facts, left(null, List.of("1000"))))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE));
    }

    private void table(String key, String keys) {
        target.db().run("CREATE TABLE t (" + key + ")", "ALTER TABLE t ADD COLUMN " + PAD, "INSERT INTO t " + keys);
    }

    private TableFacts facts() {
        return target.facts("t");
    }

    private double seen(@Nullable String cursor, String upper) {
        return seen(cursor == null ? null : List.of(cursor), List.of(upper));
    }

    private double seen(@Nullable List<String> cursor, List<String> upper) {
        return RowsAhead.onOnePage(target.database(), facts(), left(cursor, upper))
                .orElseThrow();
    }

    private static KeyRange left(@Nullable List<String> cursor, @Nullable List<String> upper) {
        return new KeyRange("\"public\".\"t\"", List.of(), cursor, upper);
    }
}
