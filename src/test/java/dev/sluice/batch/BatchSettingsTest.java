package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A batch and the settings around it are one transaction, also once the server keeps the statement prepared. */
class BatchSettingsTest {
    private static TestTarget target;

    @BeforeAll
    static void start() {
        target = TestTarget.create(Duration.ofMillis(350));
    }

    @AfterAll
    static void stop() {
        target.close();
    }

    @Test
    void settingsHoldInEveryBatchAndStatementsArePreparedInTheServer() throws Exception {
        target.db()
                .run(
                        "CREATE TABLE s (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, xid text, seen text)",
                        "INSERT INTO s (id) SELECT generate_series(1, 400)");
        TableFacts facts = target.facts("s");
        UUID run = target.begun(facts);
        Claim claim = target.claim(run);
        var database = target.database().under(Map.of("app.x", "a'b\\c?", "TimeZone", "Asia/Tokyo"));
        RowWork work = new RowWork.Change(
                new dev.sluice.job.Shape.Set(new java.util.LinkedHashMap<>(Map.of(
                        "xid",
                        "pg_current_xact_id()::text",
                        "seen",
                        "concat_ws('|', current_setting('app.x'), current_setting('TimeZone'),"
                                + " current_setting('synchronous_commit'), current_setting('lock_timeout'),"
                                + " (SELECT count(*) > 1 FROM pg_prepared_statements WHERE statement LIKE '%sluice_claim%'"
                                + " OR statement LIKE '%set_config%'))"))),
                Optional.empty());
        Batches batches = new Batches(database, work, facts);
        for (int i = 0; i < 20; i++) {
            Outcome.Committed done = (Outcome.Committed) batches.commit(claim, BatchRequest.of(20));
            assertThat(done.changed()).isEqualTo(20);
            assertThat(done.changedSettings()).isEmpty();
            claim = claim.at(done.position());
        }
        assertThat(target.db().value("SELECT string_agg(DISTINCT rtrim(seen, 'ft'), ' ') FROM s"))
                .isEqualTo("a'b\\c?|Asia/Tokyo|off|350ms|");
        assertThat(target.db().value("SELECT count(DISTINCT xid) FROM s")).isEqualTo("20");
        // the session that made the last ones keeps the statement and the settings before it prepared
        assertThat(target.db().value("SELECT bool_or(seen LIKE '%|t') FROM s")).isEqualTo("t");
    }
}
