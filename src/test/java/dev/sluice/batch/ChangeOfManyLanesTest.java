package dev.sluice.batch;

import static dev.sluice.batch.Sessions.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.partition.Ranges;
import dev.sluice.problem.Problem;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A pause, a cancel or a change of settings of a run whose lanes all have long batches. */
class ChangeOfManyLanesTest {
    private static final int LANES = 8;
    private static final Tuning TUNED = new Tuning(50, 300, null);

    private TestTarget target;
    private Sessions sessions;
    private TableFacts facts;
    private Batches batches;
    private UUID run;
    private final List<Claim> claims = new ArrayList<>();

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(60));
        sessions = new Sessions(target.db());
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT generate_series(1, 8000)",
                        "ANALYZE t");
        facts = target.facts("t");
        batches = target.batches(facts);
        run = target.mandated();
        target.checkpoints().begin(run, 0, Pass.Kind.MIGRATE, null, Ranges.of(target.database(), facts, LANES), LANES);
        for (PartitionId id : target.open(run)) {
            Claims hands = TestTarget.assumed(new Claims(target.database(), run, id.partition(), "test"));
            claims.add(hands.claim(id).orElseThrow());
        }
        assertThat(claims).hasSize(LANES);
    }

    @AfterEach
    void stop() {
        sessions.close();
        target.close();
    }

    /** What a person may ask for. */
    enum Wish {
        PAUSE(desiredState -> run -> desiredState.want(run, Wanted.PAUSED)),
        CANCEL(desiredState -> run -> desiredState.want(run, Wanted.STOPPED)),
        TUNE(desiredState -> run -> desiredState.tune(run, TUNED));

        private final Function<DesiredState, Predicate<UUID>> how;

        Wish(Function<DesiredState, Predicate<UUID>> how) {
            this.how = how;
        }

        boolean of(DesiredState desiredState, UUID run) {
            return how.apply(desiredState).test(run);
        }
    }

    /**
     * Each lane commits the batch in flight, and one more where it began in the moment between two looks of this test;
     * so the wish has waited for two batches' time at most. Lane by lane it would have been as many as there are lanes.
     */
    @ParameterizedTest
    @EnumSource(Wish.class)
    void itWaitsForTheBatchesInFlightAndForNoOthers(Wish wish) throws Exception {
        target.db()
                .run(
                        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                                + " $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$",
                        "CREATE TRIGGER slow BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION slow()");
        var counts = new AtomicIntegerArray(LANES);
        var over = new AtomicBoolean();
        var begun = new CountDownLatch(LANES);
        List<Future<Integer>> lanes = new ArrayList<>();
        for (int i = 0; i < LANES; i++) {
            int lane = i;
            lanes.add(sessions.start(() -> walk(lane, counts, begun, over)));
        }
        begun.await();
        int[] before = copy(counts);
        assertThat(wish.of(target.mandate(), run)).isTrue();
        int[] after = copy(counts);
        over.set(true);
        for (Future<Integer> lane : lanes) {
            get(lane);
        }
        for (int i = 0; i < LANES; i++) {
            assertThat(after[i] - before[i]).as("batches of lane %d", i).isLessThanOrEqualTo(2);
        }
        if (wish != Wish.TUNE) {
            assertThat(copy(counts)).as("nothing commits after the answer").isEqualTo(after);
        }
    }

    /** Batch after batch, as a lane does it: one that is refused is tried again, whatever it is for. */
    private int walk(int lane, AtomicIntegerArray counts, CountDownLatch begun, AtomicBoolean over)
            throws SQLException {
        Claim claim = claims.get(lane);
        while (!over.get()) {
            if (batches.commit(claim, 1) instanceof Outcome.Committed done) {
                claim = claim.at(done.position());
                counts.incrementAndGet(lane);
                begun.countDown();
            }
        }
        return counts.get(lane);
    }

    private static int[] copy(AtomicIntegerArray counts) {
        int[] copy = new int[counts.length()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts.get(i);
        }
        return copy;
    }

    private String copies(String what) {
        return target.db()
                .value("SELECT string_agg(DISTINCT " + what + "::text, ' ' ORDER BY " + what
                        + "::text) FROM sluice.checkpoint");
    }

    @Test
    void whatCannotBeStoredEverywhereIsTakenBack() throws Exception {
        target.db().run("ALTER TABLE sluice.checkpoint ADD CONSTRAINT no CHECK (partition <> 5 OR batch_size <> 300)");
        refused(desiredState -> desiredState.tune(run, TUNED));
        assertThat(copies("batch_size")).isEqualTo("1000");
        target.db()
                .run("ALTER TABLE sluice.checkpoint ADD CONSTRAINT no2 CHECK (partition <> 5 OR wanted = 'running')");
        refused(desiredState -> desiredState.want(run, Wanted.STOPPED));
        assertThat(copies("wanted")).isEqualTo("running");
        assertThat(target.claims(run).isUnwanted()).isFalse();
        assertThat(target.mandate().isChanging(run)).isFalse();
        assertThat(target.mandate().read(run).orElseThrow().tuning().batchSize())
                .isEqualTo(1000);
        assertThat(batches.commit(claims.get(3), 10)).isInstanceOf(Outcome.Committed.class);
    }

    /** The lanes that were changed already are changed back, and the one that keeps it waiting is left alone. */
    @Test
    void whatABatchKeepsFromBeingStoredIsTakenBackBesideIt() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claims.getFirst(), 100));
            var pause = sessions.startAndAwaitWaiting(2, () -> target.mandate().want(run, Wanted.PAUSED));
            assertThat(copies("wanted")).isEqualTo("paused running");
            target.db()
                    .value("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                            + " AND query ILIKE 'update \"sluice\".\"checkpoint\"%'");
            assertThatThrownBy(() -> get(pause)).hasCauseInstanceOf(DataAccessException.class);
            assertThat(copies("wanted")).isEqualTo("running");
            application.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Committed.class);
        }
    }

    private void refused(Consumer<DesiredState> change) {
        assertThatThrownBy(() -> change.accept(target.mandate())).isInstanceOf(DataAccessException.class);
    }

    @Test
    void aStopIsMadeWhateverElseIsChangedAtTheSameTime() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claims.getFirst(), 100));
            var stop = sessions.startAndAwaitWaiting(2, () -> target.mandate().want(run, Wanted.STOPPED));
            var tune = sessions.startAndAwaitWaiting(3, () -> target.mandate().tune(run, TUNED));
            application.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Committed.class);
            assertThat(get(stop)).isTrue();
            try {
                assertThat(get(tune)).isTrue();
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(Problem.class).hasMessageContaining("at the same time");
            }
        }
        assertThat(copies("wanted")).isEqualTo("stopped");
        assertThat(target.mandate().read(run).orElseThrow().wanted()).isEqualTo(Wanted.STOPPED);
    }

    /** Who was frozen in the middle of a pause puts it on no checkpoint after somebody has let the run go on. */
    @Test
    void aChangeThatAnotherOneHasOvertakenLeavesNothingBehind() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claims.getFirst(), 100));
            // its second step meets the first partition, which is in flight, and then this one
            try (var second = sessions.hold("SELECT FROM sluice.checkpoint WHERE partition = 1 FOR UPDATE")) {
                var pause =
                        sessions.startAndAwaitWaiting(2, () -> target.mandate().want(run, Wanted.PAUSED));
                var resume =
                        sessions.startAndAwaitWaiting(3, () -> target.mandate().want(run, Wanted.RUNNING));
                application.release();
                assertThat(get(batch)).isInstanceOf(Outcome.Committed.class);
                second.release();
                assertThat(get(resume)).isTrue();
                try {
                    assertThat(get(pause)).as("it was over before").isTrue();
                } catch (ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(Problem.class).hasMessageContaining("at the same time");
                }
            }
        }
        assertThat(copies("wanted")).isEqualTo("running");
    }
}
