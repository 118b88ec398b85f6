package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Pass;
import dev.sluice.database.SqlFailure;
import dev.sluice.partition.Midpoint;
import dev.sluice.partition.Ranges;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableInspection;
import dev.sluice.testing.TestTarget;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys whose operators a search_path may not lead to: {@code citext} would then be compared as text. */
class OperatorsElsewhereTest {
    private static TestTarget target;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofSeconds(30));
        target.db().run("CREATE SCHEMA elsewhere", "CREATE EXTENSION citext");
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @BeforeEach
    void tables() {
        target.db()
                .run(
                        "DROP TABLE IF EXISTS people",
                        "ALTER EXTENSION citext SET SCHEMA elsewhere",
                        // in another order as text: every capital comes before every small letter
                        "CREATE TABLE people (tenant int NOT NULL, mail elsewhere.citext NOT NULL, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO people SELECT 1, (ARRAY['a', 'B', 'c', 'D'])[1 + g % 4] || g FROM generate_series(1, 100) g");
    }

    @Test
    void oneColumnIsComparedByItsOwnOperatorsWhateverTheSearchPath() throws SQLException {
        target.db().run("ALTER TABLE people ADD PRIMARY KEY (mail)");
        TableFacts facts = target.facts("people");
        assertThat(facts.keyText()).isEqualTo("mail elsewhere.citext");
        Claim claim = target.claim(target.begun(facts));
        Batches batches = target.batches(facts);
        boolean done = false;
        while (!done) {
            var committed = (Outcome.Committed) batches.commit(claim, BatchRequest.of(7));
            claim = claim.at(committed.position());
            done = committed.last();
        }
        assertThat(target.db().value("SELECT count(*) FROM people WHERE n = 1")).isEqualTo("100");
    }

    /** No statement compares rows in an order that is not the index's. */
    @Test
    void severalColumnsAreRefusedOnceTheSearchPathLeadsElsewhere() throws SQLException {
        target.db()
                .run("ALTER EXTENSION citext SET SCHEMA public", "ALTER TABLE people ADD PRIMARY KEY (tenant, mail)");
        TableFacts facts = target.facts("people");
        UUID run = target.begun(facts);
        Claim claim = target.claim(run);
        Batches batches = target.batches(facts);
        var committed = (Outcome.Committed) batches.commit(claim, BatchRequest.of(7));
        Claim later = claim.at(committed.position());
        target.db().run("ALTER EXTENSION citext SET SCHEMA elsewhere");
        try (Connection connection = target.database().connect();
                Statement settings = connection.createStatement()) {
            settings.execute("SET search_path = pg_catalog");
            try (PreparedStatement batch =
                    batches.statement(later, BatchRequest.of(7)).prepare(connection, later, BatchRequest.of(7))) {
                assertThatThrownBy(batch::execute)
                        .satisfies(
                                e -> assertThat(SqlFailure.in(e).orElseThrow().sqlState())
                                        .isEqualTo("42704"));
            } finally {
                settings.execute("RESET search_path");
            }
        }
        assertThat(target.db().value("SELECT count(*) FROM people WHERE n = 1")).isEqualTo("7");
    }

    /** Its checkpoints are read by sessions whose search_path is not the job's. */
    @Test
    void aPartitionOfSeveralColumnsIsSplitWhereverTheOperatorsAre() throws SQLException {
        target.db().run("ALTER TABLE people ADD PRIMARY KEY (tenant, mail)");
        var rows = target.database().under(Map.of("search_path", "elsewhere, public"));
        TableFacts facts = TableInspection.inspect(rows, new TableName("public", "people"), List.of());
        UUID run = target.mandated();
        target.checkpoints().begin(run, 0, Pass.Kind.MIGRATE, null, Ranges.of(rows, facts, 1), 1);
        List<String> middle =
                Midpoint.of(rows, facts, target.claim(run).left(), 10).orElseThrow();
        assertThat(target.claims(run).split(target.open(run).getFirst(), facts, middle))
                .isPresent();
        assertThat(target.db().value("SELECT count(*) FROM sluice.checkpoint WHERE run_id = '" + run + "'"))
                .isEqualTo("2");
    }
}
