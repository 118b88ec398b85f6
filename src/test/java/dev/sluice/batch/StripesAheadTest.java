package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.job.Stripes;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whether a claim is walked in stripes, by how the rows lie that are ahead of it, on a real heap. */
class StripesAheadTest {
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
    void aRunThatIsTakenUpInItsMiddleGoesOnInStripesWhateverItHasMoved() throws SQLException {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 30000) g");
        // what stripes leave behind: some rows have moved to the table's end, the others have been changed in place
        target.db().run("UPDATE t SET indexed = 1 WHERE id <= 15000 AND id % 2 = 0", "ANALYZE t");
        assertThat(correlation()).isLessThan(StripesOfHeap.FOLLOWS);

        assertThat(at(Position.after(List.of("15000"))).candidates()).containsExactly(8, 16, 1);
        assertThat(at(Position.after(null)).free()).as("from the beginning").isTrue();
        TableFacts facts = target.facts("t");
        Claim claim = target.claim(target.begun(facts));
        try (Connection other = target.db().connect();
                Statement s = other.createStatement()) {
            other.setAutoCommit(false);
            s.execute("LOCK TABLE t");
            assertThat(choice(facts, claim.at(Position.after(List.of("15000")))).free())
                    .as("by the statistics alone, where the rows cannot be read")
                    .isFalse();
        }
    }

    @Test
    void randomKeysAreWalkedWithout() {
        table("id uuid PRIMARY KEY", "SELECT md5(g::text)::uuid FROM generate_series(1, 30000) g");
        target.db().run("ANALYZE t");
        assertThat(at(Position.after(null)).free()).isFalse();
        assertThat(at(Position.after(List.of("80000000-0000-0000-0000-000000000000")))
                        .free())
                .isFalse();
    }

    @Test
    void aCompositeKeyWhoseFirstColumnSaysLittle() {
        // tenants in no order, the rows of each in order, but those of the first ones
        table(
                "tenant int, line text COLLATE \"C\", PRIMARY KEY (tenant, line)",
                "SELECT g / 1000, to_char(g % 1000, 'FM0000') FROM generate_series(0, 39999) g"
                        + " ORDER BY CASE WHEN g < 20500 THEN md5(g::text) ELSE md5((g / 1000)::text) END, g");
        target.db().run("ANALYZE t");
        assertThat(correlation()).isLessThan(StripesOfHeap.FOLLOWS);

        assertThat(at(Position.after(List.of("20", "0499"))).free()).isTrue();
        assertThat(at(Position.after(List.of("19", "0499"))).free()).isFalse();
        assertThat(at(new Position(List.of("19", "0499"), List.of("20", "0499"), 8, 3))
                        .free())
                .as("what lies behind the range in progress")
                .isTrue();
    }

    @Test
    void whereNothingIsLeftTheStatisticsAloneTell() {
        table("id bigint PRIMARY KEY", "SELECT g FROM generate_series(1, 30000) g");
        target.db().run("ANALYZE t");
        assertThat(at(Position.after(List.of("30000"))).free()).isTrue();

        target.db().run("UPDATE t SET indexed = 1 WHERE id <= 15000 AND id % 2 = 0", "ANALYZE t");
        assertThat(at(Position.after(List.of("30000"))).free()).isFalse();
        assertThat(at(Position.after(List.of("29901"))).free()).isFalse();
        assertThat(at(Position.after(List.of("29900"))).free()).isTrue();
    }

    private void table(String key, String keys) {
        target.db()
                .run(
                        "CREATE TABLE t (" + key + ")",
                        "ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0, ADD COLUMN indexed int NOT NULL DEFAULT 0,"
                                + " ADD COLUMN pad text NOT NULL DEFAULT repeat('x', 200)",
                        "ALTER TABLE t SET (autovacuum_enabled = false)",
                        "INSERT INTO t " + keys,
                        "CREATE INDEX ON t (indexed)");
    }

    /** Of the first key column. */
    private double correlation() {
        return Math.abs(Double.parseDouble(target.db()
                .value("SELECT s.correlation FROM pg_stats s JOIN pg_attribute a ON a.attname = s.attname"
                        + " WHERE s.tablename = 't' AND a.attrelid = 't'::regclass AND a.attnum = 1")));
    }

    /** What a claim begins with that stands there. */
    private StripeChoice at(Position position) {
        TableFacts facts = target.facts("t");
        return choice(facts, target.claim(target.begun(facts)).at(position));
    }

    private StripeChoice choice(TableFacts facts, Claim claim) {
        return Sizing.of(
                        target.database(),
                        facts,
                        claim,
                        TestTarget.PLUS_ONE,
                        new Stripes.Auto(),
                        BatchSize.startingAt(1000))
                .choice();
    }
}
