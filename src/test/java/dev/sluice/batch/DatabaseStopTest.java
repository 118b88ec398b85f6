package dev.sluice.batch;

import static dev.sluice.batch.Sessions.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.DatabaseStop;
import dev.sluice.checkpoint.StopNote;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What happens when a batch, or the making of a checkpoint, meets the stop of everything. */
class DatabaseStopTest {
    private static final StopNote NOTE = new StopNote("anna", Instant.parse("2026-03-01T12:00:00Z"), "deploy");
    private static final String DATABASE_STOP =
            "INSERT INTO sluice.database_stop VALUES (1, 'anna', clock_timestamp(), NULL)";

    private TestTarget target;
    private Sessions sessions;
    private TableFacts facts;
    private Batches batches;
    private UUID run;
    private Claim claim;
    private DatabaseStop databaseStop;

    @BeforeEach
    void start() {
        target = TestTarget.create(Duration.ofSeconds(60));
        sessions = new Sessions(target.db());
        target.db()
                .run(
                        "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                        "INSERT INTO t SELECT generate_series(1, 1000)");
        facts = target.facts("t");
        batches = target.batches(facts);
        run = target.begun(facts);
        claim = target.claim(run);
        databaseStop = new DatabaseStop(target.database());
    }

    @AfterEach
    void stop() {
        sessions.close();
        target.close();
    }

    private long changed() {
        return Long.parseLong(target.db().value("SELECT count(*) FROM t WHERE n = 1"));
    }

    private String marks() {
        return target.db()
                .value("SELECT count(*) FILTER (WHERE database_stopped) || ' of ' || count(*) FROM sluice.checkpoint");
    }

    private boolean raise() {
        databaseStop.raise(NOTE);
        return true;
    }

    private boolean lift() {
        databaseStop.lift();
        return true;
    }

    private void assertRefused(Claim here) throws SQLException {
        assertThat(batches.commit(here, 100)).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void itWaitsForTheBatchInFlightAndNothingCommitsAfterIt() throws Exception {
        try (var application = sessions.hold("SELECT FROM t WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            var halted = sessions.startAndAwaitWaiting(2, this::raise);
            assertThat(halted.isDone())
                    .as("not acknowledged while a batch is in flight")
                    .isFalse();
            application.release();
            assertThat(get(batch)).isInstanceOfSatisfying(Outcome.Committed.class, c -> claim = claim.at(c.position()));
            get(halted);
        }
        assertRefused(claim);
        assertThat(changed()).isEqualTo(100);
        databaseStop.lift();
        assertThat(batches.commit(claim, 100)).isInstanceOf(Outcome.Committed.class);
        assertThat(changed()).isEqualTo(200);
    }

    /** Its snapshot is older than the halt: it looks at its checkpoint alone again. */
    @Test
    void aBatchThatBeganBeforeAndWaitedIsRefused() throws Exception {
        try (var halting = sessions.hold(DATABASE_STOP, "UPDATE sluice.checkpoint SET database_stopped = true")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> batches.commit(claim, 100));
            halting.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Refused.class);
        }
        assertThat(changed()).isZero();
    }

    @Test
    void aBatchThatBeginsAfterItIsRefusedWhateverItsCheckpointSays() throws Exception {
        target.db().run(DATABASE_STOP);
        assertThat(marks()).isEqualTo("0 of 1");
        assertRefused(claim);
        assertThat(changed()).isZero();
    }

    @Test
    void aVerificationIsStoppedToo() throws Exception {
        var look = new Batches(target.database(), new RowWork.Look("n >= 0", java.util.Optional.empty()), facts);
        databaseStop.raise(NOTE);
        assertThat(look.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
        databaseStop.lift();
        assertThat(look.commit(claim, 100)).isInstanceOf(Outcome.Committed.class);
    }

    @Test
    void aPassThatBeginsDuringItIsMarked() throws Exception {
        databaseStop.raise(NOTE);
        UUID other = target.mandated();
        target.begin(other, facts);
        assertThat(marks()).isEqualTo("2 of 2");
        assertRefused(target.claim(other));
        assertThat(target.claims(run).split(claim.id(), facts, List.of("500"))).isPresent();
        assertThat(marks()).as("and so is what is split off").isEqualTo("3 of 3");
        databaseStop.lift();
        assertThat(marks()).isEqualTo("0 of 3");
        assertThat(batches.commit(target.claim(other), 100)).isInstanceOf(Outcome.Committed.class);
    }

    @Test
    void aPassThatWasBeginningWhenItCameIsStopped() throws Exception {
        UUID other = target.mandated();
        try (var inFlight = sessions.stopAfter("INSERT ON sluice.checkpoint", "true")) {
            var begin = sessions.startAndAwaitWaiting(1, () -> {
                target.begin(other, facts);
                return true;
            });
            databaseStop.raise(NOTE);
            inFlight.release();
            get(begin);
        }
        assertRefused(target.claim(other));
    }

    /** Otherwise its mark would stay for ever. */
    @Test
    void aReleaseWaitsForAPassThatBegins() throws Exception {
        databaseStop.raise(NOTE);
        UUID other = target.mandated();
        try (var inFlight = sessions.stopAfter("INSERT ON sluice.checkpoint", "true")) {
            var begin = sessions.startAndAwaitWaiting(1, () -> {
                target.begin(other, facts);
                return true;
            });
            var lifted = sessions.startAndAwaitWaiting(2, this::lift);
            inFlight.release();
            get(begin);
            get(lifted);
        }
        assertThat(marks()).isEqualTo("0 of 2");
        assertThat(batches.commit(target.claim(other), 100)).isInstanceOf(Outcome.Committed.class);
    }

    @Test
    void whatIsRepeatedChangesNothing() throws Exception {
        databaseStop.lift();
        assertThat(databaseStop.read()).isEmpty();
        databaseStop.raise(NOTE);
        databaseStop.raise(new StopNote("bert", Instant.parse("2026-03-01T13:00:00Z"), null));
        assertThat(databaseStop.read()).contains(NOTE);
        assertThat(marks()).isEqualTo("1 of 1");
        databaseStop.lift();
        databaseStop.lift();
        assertThat(databaseStop.read()).isEmpty();
        assertThat(marks()).isEqualTo("0 of 1");
    }
}
