package dev.sluice.batch;

import static dev.sluice.batch.Sessions.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What happens when a batch meets a claim, a stop, a change of settings, the application, or itself. */
class FenceTest {
    private TestTarget target;
    private Sessions sessions;
    private TableFacts facts;
    private Batches batches;
    private UUID run;
    private Claim claim;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(60));
        sessions = new Sessions(target.db());
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, note text)",
                        "INSERT INTO t SELECT generate_series(1, 1000)");
        facts = target.facts("t");
        batches = target.batches(facts);
        run = target.begun(facts);
        claim = target.claim(run);
    }

    @AfterEach
    void stop() {
        sessions.close();
        target.close();
    }

    @Test
    void aClaimWaitsForTheBatchInFlightAndStartsFromWhatItCommitted() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            var claimed = sessions.startAndAwaitWaiting(2, () -> target.claim(run));
            application.release();
            assertThat(committed(get(batch)).position().cursor()).containsExactly("100");
            Claim next = get(claimed);
            assertThat(next.position().cursor()).containsExactly("100");
            assertThat(next.token()).isNotEqualTo(claim.token());

            assertThat(batches.commit(claim.at(next.position()), 100))
                    .as("the worker that lost the partition")
                    .isInstanceOf(Outcome.Refused.class);
            assertThat(changed()).isEqualTo(100);
            committed(batches.commit(next, 100));
            assertThat(changed()).isEqualTo(200);
        }
    }

    @Test
    void aBatchThatWaitedForAClaimIsRefused() throws Exception {
        try (var inFlight = sessions.stopAfter("UPDATE ON sluice.checkpoint", "OLD.token <> NEW.token")) {
            var claimed = sessions.startAndAwaitWaiting(1, () -> target.claim(run));
            var batch = sessions.startAndAwaitWaiting(2, () -> batches.commit(claim, 100));
            inFlight.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Refused.class);
            assertThat(get(claimed).position().cursor()).isNull();
            assertThat(changed()).isZero();
            assertThat(counted()).isEqualTo("0 0 0");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Wanted.class,
            names = {"PAUSED", "STOPPED"})
    void nothingCommitsAfterAStopWasAcknowledged(Wanted wanted) throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            var stop = sessions.startAndAwaitWaiting(2, () -> target.mandate().want(run, wanted));
            assertThat(stop.isDone())
                    .as("not acknowledged while a batch is in flight")
                    .isFalse();
            application.release();
            Outcome.Committed last = committed(get(batch));
            assertThat(get(stop)).isTrue();

            assertThat(batches.commit(claim.at(last.position()), 100)).isInstanceOf(Outcome.Refused.class);
            assertThat(batches.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
            assertThat(changed()).isEqualTo(100);
            assertThat(target.claims(run).claim(claim.id())).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Wanted.class,
            names = {"PAUSED", "STOPPED"})
    void aBatchThatBeganBeforeAStopAndWaitedForItIsRefused(Wanted wanted) throws Exception {
        // as the second step of a stop does it: what began before the first one has only this to go by
        try (var stop = sessions.hold("UPDATE sluice.checkpoint SET wanted = '" + wanted.code() + "'")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            stop.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Refused.class);
            assertThat(changed()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Wanted.class,
            names = {"PAUSED", "STOPPED"})
    void aBatchThatBeginsWhileAStopIsOnItsWayIsRefusedAtOnce(Wanted wanted) throws Exception {
        try (var inFlight = sessions.stopAfter("UPDATE ON sluice.checkpoint", "OLD.wanted <> NEW.wanted")) {
            var stop = sessions.startAndAwaitWaiting(1, () -> target.mandate().want(run, wanted));
            assertThat(batches.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
            assertThat(target.claims(run).isUnwanted()).isTrue();
            inFlight.release();
            assertThat(get(stop)).isTrue();
            assertThat(changed()).isZero();
        }
    }

    @Test
    void afterACancelAndAResumeTheOldWorkerChangesNothing() throws Exception {
        target.mandate().want(run, Wanted.STOPPED);
        target.mandate().want(run, Wanted.RUNNING);
        assertThat(batches.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
        assertThat(changed()).isZero();
        committed(batches.commit(target.claim(run), 100));
        assertThat(changed()).isEqualTo(100);
    }

    @Test
    void settingsChangedDuringABatchAreKeptAndUsedByTheNext() throws Exception {
        Tuning tuned = new Tuning(50, 300, 7000, 20_000_000_000L, 0.2);
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            var tune = sessions.startAndAwaitWaiting(2, () -> target.mandate().tune(run, tuned));
            application.release();
            Outcome.Committed before = committed(get(batch));
            assertThat(before.tuning()).isEqualTo(claim.tuning());
            assertThat(get(tune)).isTrue();
            assertThat(committed(batches.commit(claim.at(before.position()), 100))
                            .tuning())
                    .isEqualTo(tuned);
        }
    }

    @Test
    void aBatchThatBeginsWhileSettingsAreChangedIsRefusedAndTheNextAnswersWithThem() throws Exception {
        Tuning tuned = new Tuning(50, 300, null);
        try (var inFlight = sessions.stopAfter("UPDATE ON sluice.checkpoint", "OLD.batch_size <> NEW.batch_size")) {
            var tune = sessions.startAndAwaitWaiting(1, () -> target.mandate().tune(run, tuned));
            assertThat(batches.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
            assertThat(target.mandate().isChanging(run)).isTrue();
            inFlight.release();
            assertThat(get(tune)).isTrue();
            assertThat(target.mandate().isChanging(run)).isFalse();
            assertThat(committed(batches.commit(claim, 100)).tuning()).isEqualTo(tuned);
            assertThat(changed()).isEqualTo(100);
            assertThat(counted()).isEqualTo("100 100 1");
        }
    }

    @Test
    void aPassThatBeginsAfterAPauseIsPaused() {
        UUID paused = target.mandated();
        target.mandate().want(paused, Wanted.PAUSED);
        target.begin(paused, facts);
        assertPaused(paused);
    }

    @Test
    void aPassThatBeginsWhileAPauseIsOnItsWayIsPaused() throws Exception {
        UUID other = target.mandated();
        try (var inFlight = sessions.stopAfter("UPDATE ON sluice.run_wanted", "true")) {
            var pause = sessions.startAndAwaitWaiting(1, () -> target.mandate().want(other, Wanted.PAUSED));
            var begin = sessions.startAndAwaitWaiting(2, () -> {
                target.begin(other, facts);
                return true;
            });
            inFlight.release();
            assertThat(get(pause)).isTrue();
            get(begin);
            assertPaused(other);
        }
    }

    @Test
    void aPauseThatComesWhileAPassBeginsHoldsForIt() throws Exception {
        UUID other = target.mandated();
        try (var inFlight = sessions.stopAfter("INSERT ON sluice.checkpoint", "true")) {
            var begin = sessions.startAndAwaitWaiting(1, () -> {
                target.begin(other, facts);
                return true;
            });
            var pause = sessions.startAndAwaitWaiting(2, () -> target.mandate().want(other, Wanted.PAUSED));
            inFlight.release();
            get(begin);
            assertThat(get(pause)).isTrue();
            assertPaused(other);
        }
    }

    @Test
    void theUpperBoundIsThatOfTheLockedRow() throws Exception {
        try (var split =
                sessions.hold("UPDATE sluice.checkpoint SET upper_key = '{50}' WHERE run_id = '" + run + "'")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            split.release();
            Outcome.Committed short50 = committed(get(batch));
            assertThat(short50.scanned()).isEqualTo(50);
            assertThat(short50.last()).isTrue();
            assertThat(target.db().value("SELECT max(id) FROM t WHERE n = 1")).isEqualTo("50");
        }
    }

    @Test
    void aBatchSentAgainWhileTheFirstIsInFlightIsRefused() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var first = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            var again = sessions.startAndAwaitWaiting(2, () -> batches.commit(claim, 70));
            application.release();
            assertThat(committed(get(first)).scanned()).isEqualTo(100);
            assertThat(get(again)).isInstanceOf(Outcome.Refused.class);
            assertThat(changed()).isEqualTo(100);
            assertThat(target.db().value("SELECT max(n) FROM t")).isEqualTo("1");
            assertThat(target.claims(run)
                            .read(claim.id())
                            .orElseThrow()
                            .claim()
                            .position()
                            .cursor())
                    .as("the truth to go on from")
                    .isEqualTo(List.of("100"));
        }
    }

    @Test
    void aBatchWhoseSessionDiesChangesNothingAndItsRepetitionDoes() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 100 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            target.db()
                    .run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND wait_event_type = 'Lock'");
            assertThatThrownBy(() -> get(batch))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
            assertThat(changed()).isZero();
            assertThat(counted()).isEqualTo("0 0 0");
            application.release();
            assertThat(committed(batches.commit(claim, 100)).changed()).isEqualTo(100);
        }
    }

    @Test
    void whatTheApplicationWroteMeanwhileIsKeptAndChangedOnce() throws Exception {
        try (var application =
                sessions.hold("UPDATE t SET n = 40, note = 'theirs' WHERE id = 10", "DELETE FROM t WHERE id = 11")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            application.release();
            assertThat(committed(get(batch)).changed()).isEqualTo(99);
            assertThat(target.db().value("SELECT n || ' ' || note FROM t WHERE id = 10"))
                    .isEqualTo("41 theirs");
        }
    }

    private void assertPaused(UUID paused) {
        var id = target.open(paused).getFirst();
        assertThat(target.claims(paused).read(id).orElseThrow().wanted()).isEqualTo(Wanted.PAUSED);
        assertThat(target.claims(paused).claim(id)).isEmpty();
    }

    private static Outcome.Committed committed(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Committed.class);
        return (Outcome.Committed) outcome;
    }

    private int changed() {
        return Integer.parseInt(target.db().value("SELECT coalesce(sum(n), 0) FROM t"));
    }

    private String counted() {
        return target.db()
                .value("SELECT scanned || ' ' || changed || ' ' || batches FROM sluice.checkpoint WHERE run_id = '"
                        + run + "'");
    }
}
