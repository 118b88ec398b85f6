package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.job.Job;
import dev.sluice.problem.Problem;
import dev.sluice.testing.TestEngine;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of a wish for a run. */
@Timeout(60)
class RunQueueTest extends RunWishes {

    @Test
    void keysAreForgottenAfterThirtyDays() {
        Job job =
                TestEngine.job("job: forgetful\nmigrate: { table: " + table + ", set: { m: '1' }, where: m IS NULL }");
        var first = engine.queue().queue(job, TestEngine.TESTER, "http", Optional.of("old-key"));
        engine.runs().cancel(first.run().id(), TestEngine.TESTER);
        String age =
                "UPDATE sluice.idempotency_key SET created_at = created_at - interval '%d days' WHERE key = 'old-key'";
        engine.db().run(age.formatted(29));
        assertThat(engine.queue()
                        .queue(job, TestEngine.TESTER, "http", Optional.of("old-key"))
                        .created())
                .isFalse();
        engine.db().run(age.formatted(2));
        var again = engine.queue().queue(job, TestEngine.TESTER, "http", Optional.of("old-key"));
        assertThat(again.created()).isTrue();
        assertThat(engine.db().value("SELECT count(*) FROM sluice.idempotency_key WHERE key = 'old-key'"))
                .isEqualTo("1");
        engine.runs().cancel(again.run().id(), TestEngine.TESTER);
    }

    @Test
    void ofManyStartsAtOnceOneBecomesARunAndTheOthersAreToldOfIt() throws Exception {
        Job job = fill("id");
        int many = 8;
        var barrier = new CyclicBarrier(many);
        List<String> ends = new ArrayList<>();
        try (var threads = Executors.newFixedThreadPool(many)) {
            List<Future<String>> starts = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                starts.add(threads.submit(() -> {
                    barrier.await();
                    try {
                        return "run " + engine.queue(job).id();
                    } catch (Problem e) {
                        return e.code();
                    }
                }));
            }
            for (Future<String> start : starts) {
                ends.add(start.get());
            }
        }
        assertThat(ends.stream().filter(e -> e.startsWith("run "))).hasSize(1);
        assertThat(ends.stream().filter("live-run-exists"::equals)).hasSize(many - 1);
        assertThat(engine.db().value("SELECT count(*) FROM sluice.run WHERE job = '" + table + "'"))
                .isEqualTo("1");
    }

    @Test
    void whileARunLivesAnotherIsRefusedInEveryLiveState() {
        UUID id = engine.queue(fill("id")).id();
        for (RunState state : RunState.values()) {
            engine.db().run("UPDATE sluice.run SET state = '" + state.code() + "' WHERE id = '" + id + "'");
            if (state.isLive()) {
                assertRefused("live-run-exists", () -> engine.queue(fill("id")), id.toString(), "cancel it");
            }
        }
    }

    @Test
    void aRepeatedKeyAnswersWithTheSameRunAndIsRefusedForAnotherJob() throws Exception {
        Job job = fill("id");
        Optional<String> key = Optional.of("key-" + table);
        QueueResult first = engine.queue().queue(job, TestEngine.TESTER, "http", key);
        QueueResult second = engine.queue().queue(job, TestEngine.TESTER, "http", key);
        assertThat(first.created()).isTrue();
        assertThat(second.created()).isFalse();
        assertThat(second.run().id()).isEqualTo(first.run().id());
        engine.execute(first.run().id());
        // also when the run is over, and would otherwise start anew
        QueueResult late = engine.queue().queue(job, TestEngine.TESTER, "http", key);
        assertThat(late.created()).isFalse();
        assertThat(late.run().id()).isEqualTo(first.run().id());
        Job other = TestEngine.job("job: other-" + table + "\nmigrate: { table: " + table + ", set: { n: 1 } }");
        assertRefused(
                "idempotency-key-reused",
                () -> engine.queue().queue(other, TestEngine.TESTER, "http", key),
                table,
                "Use a fresh one");
        assertThat(engine.runs().list(Optional.of("other-" + table), 10)).isEmpty();
    }

    @Test
    void manyStartsWithOneKeyGetOneRun() throws Exception {
        Job job = fill("id");
        var barrier = new CyclicBarrier(6);
        List<QueueResult> answers = new ArrayList<>();
        try (var threads = Executors.newFixedThreadPool(6)) {
            List<Future<QueueResult>> starts = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                starts.add(threads.submit(() -> {
                    barrier.await();
                    return engine.queue().queue(job, TestEngine.TESTER, "http", Optional.of("one-" + table));
                }));
            }
            for (Future<QueueResult> start : starts) {
                answers.add(start.get());
            }
        }
        assertThat(answers.stream().map(q -> q.run().id()).distinct()).hasSize(1);
        assertThat(answers.stream().filter(QueueResult::created)).hasSize(1);
    }

    @Test
    void aCancelledRunOfTheSameDefinitionGoesOnWhereItStopped() throws Exception {
        Job job = plus(", throttle: { rows-per-second: 100 }");
        UUID id = engine.queue(job).id();
        TIME.atWait(6, nth -> engine.runs().cancel(id, TestEngine.TESTER));
        RunStatus cancelled = engine.execute(id);
        assertThat(cancelled.state()).isEqualTo("cancelled");
        assertThat(cancelled.finishedAt()).isNotNull();
        long done = count("n = 1");
        assertThat(done).isBetween(100L, 900L);
        // other settings, same fingerprint
        QueueResult resumed = engine.queue()
                .queue(plus(", throttle: { rows-per-second: 250 }"), TestEngine.TESTER, "http", Optional.empty());
        assertThat(resumed.resumed()).isTrue();
        assertThat(resumed.run().id()).isEqualTo(id);
        assertThat(resumed.run().settings().rowsPerSecond()).isEqualTo(250);
        RunStatus end = engine.execute(id);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).as("each row once").isEqualTo(1000);
        assertThat(end.progress().changed()).isEqualTo(1000);
    }

    @Test
    void aCancelledRunOfAnotherDefinitionStaysAndANewOneBegins() throws Exception {
        UUID id = engine.queue(fill("id")).id();
        TIME.atWait(6, nth -> engine.runs().cancel(id, TestEngine.TESTER));
        engine.execute(id);
        QueueResult other = engine.queue().queue(fill("id * 2"), TestEngine.TESTER, "http", Optional.empty());
        assertThat(other.resumed()).isFalse();
        assertThat(other.run().id()).isNotEqualTo(id);
        assertThat(engine.runs().find(id).orElseThrow().state()).isEqualTo("cancelled");
    }

    @Test
    void aRunThatStoppedHalfWayIsResumedByItsIdAfterAnotherDefinitionRan() throws Exception {
        Job one = plus(", throttle: { rows-per-second: 100 }");
        UUID first = engine.queue(one).id();
        TIME.atWait(6, nth -> engine.runs().cancel(first, TestEngine.TESTER));
        engine.execute(first);
        Job two = fill("id");
        UUID second = engine.queue(two).id();
        assertRefused("live-run-exists", () -> engine.runs().resume(first, TestEngine.TESTER), "another live run");
        engine.execute(second);
        assertRefused("not-repeatable", () -> engine.queue(one), "sluice resume " + first);
        Instant asked = engine.runs().find(first).orElseThrow().createdAt();
        engine.runs().resume(first, TestEngine.TESTER);
        assertThat(engine.execute(first).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
        assertThat(engine.runs().find(first).orElseThrow().createdAt())
                .as("when it was asked for")
                .isEqualTo(asked);
        // and what the gate looks at is the run that was asked for last
        assertThat(engine.runs().newest(table).map(GateInput::run)).contains(first);
    }

    @Test
    void aRunKeepsTheDefinitionItBeganWith() throws Exception {
        UUID id = engine.queue(fill("id")).id();
        TIME.atWait(6, nth -> assertRefused("live-run-exists", () -> engine.queue(fill("id * 2")), table));
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("succeeded");
        assertThat(run.fingerprint()).isEqualTo(fill("id").fingerprint());
        assertThat(count("m = id")).isEqualTo(1000);
    }

    @Test
    void anIncompleteRunIsVerifiedAgainWhenItIsResumed() throws Exception {
        Job job = TestEngine.job("job: " + table + "\nmigrate: { table: " + table
                + ", set: { n: n + 1 } }\nswitch: { verify: n < 2 AND id <> 7 }");
        UUID id = engine.queue(job).id();
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("incomplete");
        engine.db().run("DELETE FROM " + table + " WHERE id = 7");
        assertThat(engine.runs().resume(id, TestEngine.TESTER).state()).isEqualTo("verifying");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(999);
    }

    @Test
    void aRunDoesNotGoOnByAnotherKey() throws Exception {
        engine.db()
                .run(
                        "ALTER TABLE " + table + " ADD x bigint",
                        "UPDATE " + table + " SET x = 2000 - id",
                        "ALTER TABLE " + table + " ALTER x SET NOT NULL",
                        "CREATE UNIQUE INDEX ON " + table + " (x)");
        UUID first = engine.queue(plus(", throttle: { rows-per-second: 100 }")).id();
        TIME.atWait(6, nth -> engine.runs().cancel(first, TestEngine.TESTER));
        engine.execute(first);
        long done = count("n = 1");
        engine.db().run("ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_pkey, ADD PRIMARY KEY (x)");
        engine.runs().resume(first, TestEngine.TESTER);
        RunStatus run = engine.execute(first);
        assertThat(run.state()).isEqualTo("failed");
        assertThat(TestEngine.known(run.failure()).code()).isEqualTo("key-changed");
        assertThat(count("n = 1")).isEqualTo(done);
        engine.db().run("ALTER TABLE " + table + " DROP CONSTRAINT " + table + "_pkey, ADD PRIMARY KEY (id)");
        engine.runs().resume(first, TestEngine.TESTER);
        assertThat(engine.execute(first).state()).isEqualTo("succeeded");
        assertThat(count("n = 1")).isEqualTo(1000);
    }
}
