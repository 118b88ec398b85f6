package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All runs are stopped while one of two databases does not answer. */
@Timeout(60)
class StopAllTwoDatabasesTest {
    private final HookedTime time = new HookedTime();
    private final TestPostgres.Fresh control = TestPostgres.create();
    private final TestPostgres.Fresh target = TestPostgres.create();
    private final Wire wire = new Wire(target);
    private final TestEngine engine = TestEngine.onTwo(wire.through(), control, time);

    @BeforeEach
    void rows() {
        target.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO t SELECT generate_series(1, 1000)");
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
        wire.close();
    }

    private long done() {
        return Long.parseLong(target.value("SELECT count(*) FROM t WHERE n = 1"));
    }

    private static String halted(TestPostgres.Fresh database) {
        return database.value("SELECT count(*) FROM sluice.database_stop");
    }

    private void stop() {
        engine.fleet().stop(Optional.empty(), TestEngine.TESTER);
    }

    /** The pool finds out connection by connection that those from before the cut are gone. */
    private static void untilItAnswers(Runnable call) {
        for (int tries = 1; ; tries++) {
            try {
                call.run();
                return;
            } catch (Problem e) {
                if (tries == 60) {
                    throw e;
                }
            }
        }
    }

    @Test
    void theStopIsNotedAndHoldsWhereverTheNoteIsSeen() throws Exception {
        UUID id = engine.queue(TestEngine.job(
                        "job: plus\nmigrate: { table: t, set: { n: n + 1 }, throttle: { rows-per-second: 100 } }"))
                .id();
        var gate = time.gateAt(5);
        var carried = engine.carryAside(id);
        gate.reached();
        wire.cut();
        assertThatThrownBy(this::stop).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE);
            assertThat(p.code()).isEqualTo("stop-incomplete");
            assertThat(p.getMessage()).contains("The stop is noted", "but not main (", "Repeat the call");
            assertThat(p.details()).containsEntry("databases", List.of("main"));
        });
        assertThat(halted(control)).as("the other one is stopped").isEqualTo("1");
        assertThat(halted(target)).isEqualTo("0");
        assertThat(engine.fleet().now().stopped()).isTrue();
        long before = done();
        engine.awaitBeat(id); // the worker has seen the note
        wire.restore();
        var later = time.gateAt(30);
        gate.open();
        later.reached();
        assertThat(done()).as("though the target itself is not stopped").isEqualTo(before);
        assertThat(known(engine.runs().find(id).orElseThrow().limitedBy()).reason())
                .isEqualTo("stopped-all");
        untilItAnswers(this::stop);
        assertThat(halted(target)).as("a repeated call reaches it").isEqualTo("1");

        wire.cut();
        assertThatThrownBy(() -> engine.fleet().resume(TestEngine.TESTER)).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE);
            assertThat(p.code()).isEqualTo("resume-incomplete");
            assertThat(p.getMessage()).contains("All runs stay stopped", "main (");
        });
        assertThat(engine.fleet().now().stopped()).isTrue();
        assertThat(halted(control)).isEqualTo("1");
        wire.restore();
        later.open();
        untilItAnswers(() -> engine.fleet().resume(TestEngine.TESTER));
        assertThat(halted(control) + halted(target)).isEqualTo("00");
        RunStatus end = carried.get(30, TimeUnit.SECONDS);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(done()).isEqualTo(1000);
        assertThat(control.value(
                        "SELECT string_agg(action, ' ' ORDER BY id) FROM sluice.event WHERE action LIKE 'fleet.%'"))
                .isEqualTo("fleet.stopped fleet.resumed");
    }

    @Test
    void aDatabaseThatThisWorkerDoesNotKnowIsNamed() {
        engine.queue(TestEngine.job("job: plus\nmigrate: { table: t, set: { n: n + 1 } }"));
        control.run("UPDATE sluice.run SET database = 'elsewhere'");
        assertThatThrownBy(this::stop).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.code()).isEqualTo("stop-incomplete");
            assertThat(p.getMessage()).contains("\"elsewhere\" is not configured on this worker");
        });
        assertThat(halted(control) + halted(target)).isEqualTo("11");
    }
}
