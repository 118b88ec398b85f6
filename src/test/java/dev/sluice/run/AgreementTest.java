package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.fleet.Agreement;
import dev.sluice.fleet.Difference;
import dev.sluice.job.Job;
import dev.sluice.problem.Problem;
import dev.sluice.testing.TestEngine;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What starts, and what goes on, while live workers hold different definitions of a job. */
@Timeout(60)
class AgreementTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static boolean differ;
    private static final Agreement AGREEMENT = (sql, job) -> differ
            ? Optional.of(new Difference(job, Map.of("a", "1".repeat(64), "b", "2".repeat(64)), Duration.ofSeconds(15)))
            : Optional.empty();

    private static TestEngine engine;
    private static RunQueue queue;
    private static StoredRuns runs;
    private String table = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.create();
        queue = new RunQueue(engine.databases(), AGREEMENT);
        runs = new StoredRuns(engine.databases(), AGREEMENT);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        table = "d" + COUNT.incrementAndGet();
        engine.db()
                .run(
                        "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int)",
                        "INSERT INTO " + table + " SELECT generate_series(1, 10)");
    }

    @AfterEach
    void agree() {
        differ = false;
    }

    private Job job() {
        return TestEngine.job(
                "job: " + table + "\nmigrate: { table: " + table + ", set: { n: id + 1 }, where: n IS NULL }");
    }

    private UUID ask(String... key) {
        return queue.queue(
                        job(),
                        TestEngine.TESTER,
                        "http",
                        Optional.of(String.join("", key)).filter(k -> !k.isEmpty()))
                .run()
                .id();
    }

    private static void refused(ThrowingCallable start) {
        assertThatThrownBy(start).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.CONFLICT);
            assertThat(p.code()).isEqualTo("definitions-differ");
            assertThat(p.getMessage()).contains("worker a has 111111111111; worker b has 222222222222", "stop");
        });
    }

    private String rows() {
        return engine.db()
                .value("SELECT count(*) || ' ' || coalesce(max(state), '') FROM sluice.run WHERE job = '" + table
                        + "'");
    }

    @Test
    void noRunStartsAndNothingIsWritten() {
        differ = true;
        refused(() -> ask("key-" + table));
        assertThat(rows()).isEqualTo("0 ");
        differ = false;
        ask("key-" + table);
        assertThat(rows()).isEqualTo("1 queued");
    }

    @ParameterizedTest
    @ValueSource(strings = {"failed", "cancelled", "incomplete", "succeeded"})
    void anEndedRunIsNotStartedAgain(String state) {
        UUID id = ask();
        engine.db().run("UPDATE sluice.run SET state = '" + state + "' WHERE id = '" + id + "'");
        differ = true;
        refused(() -> ask());
        refused(() -> runs.resume(id, TestEngine.TESTER));
        assertThat(rows()).isEqualTo("1 " + state);
    }

    @Test
    void aLiveRunGoesOnAndIsPausedResumedAndFoundByItsKey() throws Exception {
        UUID id = ask("once-" + table);
        differ = true;
        assertThat(ask("once-" + table)).isEqualTo(id);
        assertThatThrownBy(() -> ask())
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("live-run-exists"));
        runs.pause(id, TestEngine.TESTER);
        assertThat(runs.resume(id, TestEngine.TESTER).state()).isEqualTo("queued");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
    }
}
