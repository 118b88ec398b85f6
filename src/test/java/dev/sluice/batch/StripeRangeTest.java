package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.job.Shape;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A range in stripes: it stays as stripe 0 laid it down, whatever is asked, whoever goes on, wherever the bound moves.
 */
class StripeRangeTest {
    private TestTarget target;
    private TableFacts facts;
    private Batches batches;
    private UUID run;
    private Claim claim;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofMillis(200));
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT generate_series(1, 1000)");
        facts = target.facts("t");
        batches = target.batches(facts);
        run = target.begun(facts);
        claim = target.claim(run);
    }

    @AfterEach
    void stop() {
        target.close();
    }

    @Test
    void eachStripeIsABatchAndTheLastMovesTheCursor() throws SQLException {
        List<Outcome.Committed> stripes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            stripes.add(commit(new BatchRequest(400, 4)));
        }
        assertThat(stripes)
                .extracting(Outcome.Committed::position)
                .containsExactly(
                        new Position(null, List.of("400"), 4, 1),
                        new Position(null, List.of("400"), 4, 2),
                        new Position(null, List.of("400"), 4, 3),
                        Position.after(List.of("400")));
        assertThat(stripes).extracting(Outcome.Committed::scanned).containsOnly(100L);
        assertThat(stripes).extracting(Outcome.Committed::last).containsOnly(false);
        assertThat(stripes.stream().mapToLong(Outcome.Committed::changed).sum()).isEqualTo(400);
        assertThat(changedOnce()).isEqualTo("400 of 1..400");
    }

    @Test
    void aRangeGoesOnAsItBeganWhateverIsAsked() throws SQLException {
        commit(new BatchRequest(500, 2));
        Outcome.Committed second = commit(new BatchRequest(7, 64));
        assertThat(second.position()).isEqualTo(Position.after(List.of("500")));
        assertThat(changedOnce()).isEqualTo("500 of 1..500");
    }

    @Test
    void anotherWorkerGoesOnInTheMiddleOfARange() throws SQLException {
        commit(new BatchRequest(500, 4));
        Claim old = claim;
        claim = target.claim(run);
        assertThat(claim.position()).isEqualTo(new Position(null, List.of("500"), 4, 1));
        assertThat(batches.commit(old, new BatchRequest(500, 4))).isInstanceOf(Outcome.Refused.class);
        assertThat(commit(BatchRequest.of(3)).scanned()).isEqualTo(125);
        assertThat(batches.commit(old, BatchRequest.of(10))).isInstanceOf(Outcome.Refused.class);
        walk(BatchRequest.of(100));
        assertThat(changedOnce()).isEqualTo("1000 of 1..1000");
    }

    @Test
    void theSharesOfUnevenRangesAddUpToTheirKeys() throws SQLException {
        List<Long> scanned = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            scanned.add(commit(new BatchRequest(13, 8)).scanned());
        }
        assertThat(scanned).containsExactly(1L, 2L, 1L, 2L, 2L, 1L, 2L, 2L);
        assertThat(claim.position()).isEqualTo(Position.after(List.of("13")));
    }

    @Test
    void aRangeMadeFinerIsWalkedToItsEndAndItsSharesAddUp() throws SQLException {
        List<Long> scanned = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            scanned.add(commit(new BatchRequest(13, 4)).scanned());
        }
        assertThat(claim.position()).isEqualTo(new Position(null, List.of("13"), 4, 3));
        Claim before = claim;
        claim = target.claims(run).finer(claim).orElseThrow();
        assertThat(claim.position()).isEqualTo(new Position(null, List.of("13"), 8, 6));
        assertThat(batches.commit(before, new BatchRequest(13, 4))).isInstanceOf(Outcome.Refused.class);
        scanned.add(commit(new BatchRequest(13, 4)).scanned());
        claim = target.claims(run).finer(claim).orElseThrow();
        assertThat(claim.position()).isEqualTo(new Position(null, List.of("13"), 16, 14));
        scanned.add(commit(new BatchRequest(13, 4)).scanned());
        scanned.add(commit(new BatchRequest(13, 4)).scanned());
        assertThat(scanned.stream().mapToLong(n -> n).sum()).isEqualTo(13);
        assertThat(claim.position()).isEqualTo(Position.after(List.of("13")));
        assertThat(changedOnce()).isEqualTo("13 of 1..13");
    }

    @Test
    void nobodyElseMakesARangeFiner() throws SQLException {
        assertThat(target.claims(run).finer(claim))
                .as("no range is in progress")
                .isEmpty();
        commit(new BatchRequest(400, 4));
        Claim old = claim;
        claim = target.claim(run);
        assertThat(target.claims(run).finer(old))
                .as("with a token that is gone")
                .isEmpty();
        commit(new BatchRequest(400, 4));
        assertThat(target.claims(run).finer(claim.at(old.position())))
                .as("from a position that is gone")
                .isEmpty();
        walk(new BatchRequest(400, 4));
        assertThat(changedOnce()).isEqualTo("1000 of 1..1000");
    }

    @ParameterizedTest
    @ValueSource(ints = {999, 1000, 1001, 5000})
    void theLastRangeEndsThePartition(int keys) throws SQLException {
        List<Outcome.Committed> all = walk(new BatchRequest(keys, 4));
        assertThat(all.stream().mapToLong(Outcome.Committed::scanned).sum()).isEqualTo(1000);
        assertThat(changedOnce()).isEqualTo("1000 of 1..1000");
        assertThat(claim.position()).isEqualTo(Position.after(List.of("1000")));
    }

    @Test
    void aRangeWithoutKeysEndsThePartitionAtOnce() throws SQLException {
        target.db().run("DELETE FROM t");
        Outcome.Committed only = commit(new BatchRequest(100, 8));
        assertThat(only.last()).isTrue();
        assertThat(only.position()).isEqualTo(Position.after(List.of("1000")));
        assertThat(only.scanned()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"600", "700", "999"})
    void anUpperBoundLoweredInTheMiddleOfARangeHoldsForTheNext(String bound) throws SQLException {
        commit(new BatchRequest(600, 4));
        target.db().run("UPDATE sluice.checkpoint SET upper_key = '{" + bound + "}'");
        walk(new BatchRequest(600, 4));
        assertThat(changedOnce()).isEqualTo(bound + " of 1.." + bound);
        assertThat(claim.position()).isEqualTo(Position.after(List.of(bound)));
    }

    @Test
    void anUpperBoundLoweredToTheEndOfAShortRangeEndsThePartition() throws SQLException {
        target.db().run("DELETE FROM t WHERE id > 600 AND id < 1000");
        commit(new BatchRequest(600, 2));
        target.db().run("UPDATE sluice.checkpoint SET upper_key = range_end");
        assertThat(commit(BatchRequest.of(1)).last()).isTrue();
        assertThat(changedOnce()).isEqualTo("600 of 1..600");
    }

    @Test
    void aStripeThatTimesOutIsTriedAgainAsItWas() throws SQLException {
        commit(new BatchRequest(400, 4));
        try (Sessions sessions = new Sessions(target.db());
                var application = sessions.hold("SELECT FROM t WHERE id <= 400 FOR UPDATE")) {
            assertThatThrownBy(() -> batches.commit(claim, new BatchRequest(50, 2)))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("55P03"));
        }
        walk(new BatchRequest(50, 2));
        assertThat(changedOnce()).isEqualTo("1000 of 1..1000");
    }

    @Test
    void rowsOfALaterStripeThatTheApplicationWroteMeanwhileAreChangedOnTop() throws SQLException {
        commit(new BatchRequest(1000, 4));
        target.db().run("UPDATE t SET n = n + 10", "DELETE FROM t WHERE id % 10 = 0");
        walk(new BatchRequest(1000, 4));
        assertThat(target.db().value("SELECT min(n) || ' ' || max(n) || ' ' || count(*) FROM t"))
                .isEqualTo("11 11 900");
    }

    @Test
    void otherWorkThanSetTakesTheRangeAtOnce() throws SQLException {
        for (RowWork work : List.of(
                new RowWork.Look("n = 0", Optional.empty()),
                new RowWork.Change(new Shape.Sql("UPDATE t AS x SET n = 5 WHERE {batch:x}", "x"), Optional.empty()),
                new RowWork.Change(new Shape.Delete(), Optional.of("true")))) {
            Outcome.Committed done = (Outcome.Committed)
                    new Batches(target.database(), work, facts).commit(claim, new BatchRequest(100, 4));
            claim = claim.at(done.position());
            assertThat(done.scanned()).isEqualTo(100);
            assertThat(done.hot()).isZero();
            assertThat(done.position().rangeEnd()).isNull();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "-1, 1", "10, 0", "10, 3", "10, -2", "10, 128"})
    void whatCannotBeAskedIsRefused(int keys, int stripes) {
        assertThatThrownBy(() -> new BatchRequest(keys, stripes)).isInstanceOf(IllegalArgumentException.class);
    }

    private Outcome.Committed commit(BatchRequest request) throws SQLException {
        Outcome outcome = batches.commit(claim, request);
        assertThat(outcome).isInstanceOf(Outcome.Committed.class);
        Outcome.Committed committed = (Outcome.Committed) outcome;
        claim = claim.at(committed.position());
        return committed;
    }

    /** To the end of the partition. */
    private List<Outcome.Committed> walk(BatchRequest request) throws SQLException {
        List<Outcome.Committed> all = new ArrayList<>();
        do {
            all.add(commit(request));
        } while (!all.getLast().last());
        return all;
    }

    private String changedOnce() {
        assertThat(target.db().value("SELECT max(n) FROM t")).isEqualTo("1");
        return target.db().value("SELECT count(*) || ' of ' || min(id) || '..' || max(id) FROM t WHERE n = 1");
    }
}
