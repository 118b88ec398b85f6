package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.testing.TestEngine;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The legal moves, and what becomes of the others. */
class RunStateTest {
    private static TestEngine engine;

    @BeforeAll
    static void start() {
        engine = TestEngine.create();
        engine.db().run("CREATE TABLE t (id bigint PRIMARY KEY, n int)");
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    /** As docs/engine.md draws them. */
    private static Set<RunState> legal(RunState from) {
        return switch (from) {
            case QUEUED ->
                Set.of(
                        RunState.RUNNING,
                        RunState.VERIFYING,
                        RunState.SWEEPING,
                        RunState.PAUSED,
                        RunState.FAILED,
                        RunState.CANCELLED);
            case RUNNING -> Set.of(RunState.PAUSED, RunState.VERIFYING, RunState.FAILED, RunState.CANCELLED);
            case PAUSED ->
                Set.of(
                        RunState.QUEUED,
                        RunState.RUNNING,
                        RunState.VERIFYING,
                        RunState.SWEEPING,
                        RunState.FAILED,
                        RunState.CANCELLED);
            case VERIFYING ->
                Set.of(
                        RunState.PAUSED,
                        RunState.SWEEPING,
                        RunState.SUCCEEDED,
                        RunState.INCOMPLETE,
                        RunState.FAILED,
                        RunState.CANCELLED);
            case SWEEPING -> Set.of(RunState.PAUSED, RunState.VERIFYING, RunState.FAILED, RunState.CANCELLED);
            case SUCCEEDED -> Set.of(RunState.INCOMPLETE);
            case INCOMPLETE -> Set.of(RunState.VERIFYING);
            case FAILED, CANCELLED -> Set.of(RunState.QUEUED);
        };
    }

    @ParameterizedTest
    @EnumSource(RunState.class)
    void everyMoveIsMadeOrRefusedByTheTableOfMoves(RunState from) {
        UUID id = inState(from);
        for (RunState to : RunState.values()) {
            set(id, from);
            var row = new RunTable(engine.databases().control()).get(id);
            if (legal(from).contains(to)) {
                move(id, to);
                assertThat(engine.db().value("SELECT state FROM sluice.run WHERE id = '" + id + "'"))
                        .isEqualTo(to.code());
            } else {
                assertThatThrownBy(() -> engine.databases()
                                .control()
                                .sql()
                                .transaction(tx -> RunTable.move(
                                        tx.dsl(), row, to, Map.of(), TestEngine.TESTER, "run.moved", Map.of())))
                        .isInstanceOfSatisfying(Problem.class, p -> {
                            assertThat(p.code()).isEqualTo("illegal-move");
                            assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT);
                            assertThat(p.getMessage())
                                    .contains("is " + from.code() + " and cannot become " + to.code());
                            legal(from).forEach(l -> assertThat(p.getMessage()).contains(l.code()));
                        });
                assertThat(engine.db().value("SELECT state FROM sluice.run WHERE id = '" + id + "'"))
                        .isEqualTo(from.code());
            }
        }
        set(id, RunState.CANCELLED);
    }

    @ParameterizedTest
    @EnumSource(RunState.class)
    void whatAPersonAsksIsDoneOrRefusedWithARemedy(RunState from) {
        UUID id = inState(from);
        set(id, from);
        if (from.isLive() && from != RunState.PAUSED) {
            String events = engine.db().value("SELECT count(*) FROM sluice.event");
            assertThat(engine.runs().resume(id, TestEngine.TESTER).state())
                    .as("it goes on already")
                    .isEqualTo(from.code());
            assertThat(engine.db().value("SELECT count(*) FROM sluice.event")).isEqualTo(events);
        } else if (from == RunState.SUCCEEDED) {
            refused(() -> engine.runs().resume(id, TestEngine.TESTER), from, "resumed");
        }
        if (!from.isLive()) {
            refused(() -> engine.runs().pause(id, TestEngine.TESTER), from, "paused");
            if (from != RunState.CANCELLED) {
                refused(() -> engine.runs().cancel(id, TestEngine.TESTER), from, "cancelled");
            }
        }
        set(id, RunState.CANCELLED);
    }

    private static void refused(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable asked, RunState from, String what) {
        assertThatThrownBy(asked).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.code()).isEqualTo("illegal-move");
            assertThat(p.getMessage())
                    .contains("is " + from.code() + " and cannot be " + what + ".", "`sluice r")
                    .doesNotContain("queued");
        });
    }

    @Test
    void liveStatesAreThoseWithWorkAhead() {
        assertThat(EnumSet.allOf(RunState.class).stream().filter(RunState::isLive))
                .containsExactlyInAnyOrder(
                        RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.VERIFYING, RunState.SWEEPING);
        // the index that allows one live run per job knows the same ones
        String index = engine.db().value("SELECT indexdef FROM pg_indexes WHERE indexname = 'run_one_live_per_job'");
        for (RunState state : RunState.values()) {
            assertThat(index.contains("'" + state.code() + "'"))
                    .as(state.code())
                    .isEqualTo(state.isLive());
        }
    }

    @Test
    void aWriterThatReadTheRunBeforeItMovedChangesNothing() {
        UUID id = inState(RunState.RUNNING);
        var stale = new RunTable(engine.databases().control()).get(id);
        set(id, RunState.VERIFYING);
        assertMoved(stale);
        set(id, RunState.RUNNING);
        engine.db().run("UPDATE sluice.run SET pass = pass + 1 WHERE id = '" + id + "'");
        assertMoved(stale);
        assertThat(engine.db().value("SELECT state FROM sluice.run WHERE id = '" + id + "'"))
                .isEqualTo("running");
        assertThat(engine.db().value("SELECT count(*) FROM sluice.event WHERE action = 'test.stale'"))
                .isEqualTo("0");
        set(id, RunState.CANCELLED);
    }

    private static void assertMoved(dev.sluice.database.schema.tables.records.RunRecord stale) {
        assertThatThrownBy(() -> engine.databases()
                        .control()
                        .sql()
                        .transaction(tx -> RunTable.move(
                                tx.dsl(), stale, RunState.PAUSED, Map.of(), TestEngine.TESTER, "test.stale", Map.of())))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.code()).isEqualTo("run-moved");
                    assertThat(p.getMessage()).contains("is not running any more", "updated 0 rows, expected 1");
                });
    }

    private static void move(UUID id, RunState to) {
        var row = new RunTable(engine.databases().control()).get(id);
        engine.databases()
                .control()
                .sql()
                .transaction(
                        tx -> RunTable.move(tx.dsl(), row, to, Map.of(), TestEngine.TESTER, "run.moved", Map.of()));
    }

    private static UUID inState(RunState state) {
        UUID id = engine.queue(TestEngine.job(
                        "job: moves-" + UUID.randomUUID().toString().substring(0, 8)
                                + "\nmigrate: { table: t, set: { n: 1 }, where: n IS NULL }"))
                .id();
        set(id, state);
        return id;
    }

    private static void set(UUID id, RunState state) {
        engine.db().run("UPDATE sluice.run SET state = '" + state.code() + "' WHERE id = '" + id + "'");
    }
}
