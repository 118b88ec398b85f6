package dev.sluice.phase;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.fleet.Agreement;
import dev.sluice.fleet.Difference;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import dev.sluice.problem.Problem;
import dev.sluice.run.Evidence;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.SkewedTime;
import dev.sluice.testing.TestEngine;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * When the gate is closed and why, when it is open and on what evidence, and that old evidence does not keep it open.
 */
@Timeout(60)
class SwitchGateTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final List<JobFile> FILES = new ArrayList<>();
    private static TestEngine engine;
    private static SwitchGate gates;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.create();
        gates = gates(() -> List.copyOf(FILES), Agreement.ALONE);
    }

    private static SwitchGate gates(Jobs jobs, Agreement agreement) {
        return gates(jobs, agreement, Optional.empty());
    }

    private static SwitchGate gates(Jobs jobs, Agreement agreement, Optional<Duration> expiresAfter) {
        return new SwitchGate(jobs, engine.runs(), engine.databases(), agreement, Duration.ofHours(1), expiresAfter);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        t = "g" + COUNT.incrementAndGet();
        FILES.clear();
        engine.db()
                .run(
                        "CREATE TABLE " + t + " (id bigint PRIMARY KEY, a int, b int)",
                        "INSERT INTO " + t + " SELECT g, g FROM generate_series(1, 300) g");
    }

    private Job job(String expression) {
        Job job = TestEngine.job(
                "job: " + t + "\nmigrate: { table: " + t + ", set: { b: \"" + expression + "\" }, where: b IS NULL }");
        FILES.clear();
        FILES.add(new JobFile(t + ".yaml", Optional.of(job), List.of(), Map.of()));
        return job;
    }

    private List<String> codes() {
        GateAnswer answer = gates.switchGate(t);
        assertThat(answer.open()).isEqualTo(answer.reasons().isEmpty());
        assertThat(answer.phase()).isEqualTo("switch");
        return answer.reasons().stream().map(GateAnswer.Reason::code).toList();
    }

    private Instant asOf() {
        return (Instant) known(known(gates.switchGate(t).evidence()).get("verifiedAsOf"));
    }

    private void set(UUID run, String assignment) {
        engine.db().run("UPDATE sluice.run SET " + assignment + " WHERE id = '" + run + "'");
    }

    @Test
    void anUnknownJobIsSaidToBeUnknownWithThoseThatAreKnown() {
        job("a");
        assertThatThrownBy(() -> gates.switchGate("nobody")).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.kind()).isEqualTo(Problem.Kind.NOT_FOUND);
            assertThat(p.getMessage()).contains("no job \"nobody\"", t);
        });
    }

    @Test
    void itIsClosedUntilARunHasProvenTheRows() {
        Job job = job("a");
        assertThat(codes()).containsExactly("never-run");
        UUID id = engine.queue(job).id();
        Map<RunState, String> closed = Map.of(
                RunState.QUEUED, "run-live",
                RunState.RUNNING, "run-live",
                RunState.VERIFYING, "run-live",
                RunState.SWEEPING, "run-live",
                RunState.PAUSED, "run-paused",
                RunState.FAILED, "run-failed",
                RunState.INCOMPLETE, "run-incomplete",
                RunState.CANCELLED, "run-cancelled",
                RunState.SUCCEEDED, "no-evidence");
        assertThat(closed).hasSize(RunState.values().length);
        closed.forEach((state, code) -> {
            set(id, "state = '" + state.code() + "'");
            assertThat(codes()).as(state.code()).containsExactly(code);
            assertThat(gates.switchGate(t).evidence()).isNull();
        });
        set(id, "state = 'failed', failure = '{\"code\":\"x\",\"message\":\"the reason of it\"}'");
        assertThat(gates.switchGate(t).reasons().getFirst().message()).contains("the reason of it");
    }

    @Test
    void itIsOpenWithItsEvidence() throws Exception {
        Job job = job("a");
        RunStatus run = engine.execute(engine.queue(job).id());
        GateAnswer answer = gates.switchGate(t);
        assertThat(answer.open()).isTrue();
        assertThat(answer.reasons()).isEmpty();
        assertThat(known(answer.evidence()))
                .containsKeys("run", "fingerprint", "rows", "verifiedAsOf", "database")
                .containsEntry("run", run.id())
                .containsEntry("fingerprint", job.fingerprint())
                .containsEntry("rows", 300L);
        assertThat(asOf()).isBetween(run.startedAt(), run.finishedAt());
        assertThat(String.valueOf(known(answer.evidence()).get("database")))
                .contains(
                        "name=main",
                        "database=" + engine.db().value("SELECT current_database()"),
                        "systemIdentifier=" + engine.db().value("SELECT system_identifier FROM pg_control_system()"));
    }

    @Test
    void aChangedDefinitionANewRunAndALostFileCloseIt() throws Exception {
        engine.execute(engine.queue(job("a")).id());
        assertThat(codes()).isEmpty();
        Job changed = job("a + 0");
        assertThat(codes()).containsExactly("definition-changed");
        UUID id = engine.queue(changed).id();
        assertThat(codes()).containsExactly("run-live");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(codes()).isEmpty();
        FILES.clear();
        assertThat(codes()).containsExactly("no-definition");
    }

    @Test
    void itIsClosedWhileWorkersHoldDifferentDefinitionsOrOneThatThisOneCannotRead() throws Exception {
        engine.execute(engine.queue(job("a")).id());
        Agreement differing = (sql, name) -> Optional.of(
                new Difference(name, Map.of("w1", "1".repeat(64), "w2", "2".repeat(64)), Duration.ofSeconds(15)));
        GateAnswer answer = gates(() -> List.copyOf(FILES), differing).switchGate(t);
        assertThat(answer.open()).isFalse();
        assertThat(answer.reasons()).singleElement().satisfies(r -> {
            assertThat(r.code()).isEqualTo("definitions-differ");
            assertThat(r.message()).contains("worker w1 has 111111111111; worker w2 has 222222222222");
        });
        Jobs unreadable = new Jobs() {
            @Override
            public List<JobFile> files() {
                return List.of();
            }

            @Override
            public Optional<Job> find(String name) {
                throw new Problem(Problem.Kind.UNPROCESSABLE, "unreadable-definition", "Bring it to that version.");
            }
        };
        assertThat(gates(unreadable, Agreement.ALONE).switchGate(t).reasons())
                .containsExactly(new GateAnswer.Reason("unreadable-definition", "Bring it to that version."));
    }

    @Test
    void evidenceOfAnotherClusterOrTimelineIsVoid() throws Exception {
        UUID id = engine.execute(engine.queue(job("a")).id()).id();
        set(id, "evidence = jsonb_set(evidence::jsonb, '{systemIdentifier}', '\"42\"')::text");
        assertThat(codes()).containsExactly("identity-differs");
        assertThat(gates.switchGate(t).reasons().getFirst().message()).contains("cluster 42");
        String real = engine.db().value("SELECT system_identifier FROM pg_control_system()");
        set(id, "evidence = jsonb_set(evidence::jsonb, '{systemIdentifier}', '\"" + real + "\"')::text");
        assertThat(codes()).isEmpty();
        set(id, "evidence = jsonb_set(evidence::jsonb, '{timeline}', '0')::text");
        assertThat(codes()).containsExactly("timeline-differs");
    }

    @Test
    void aCleanLookDatesTheEvidenceAnewAndAStaleRowClosesTheGate() throws Exception {
        Job job = job("a * 2");
        UUID id = engine.execute(engine.queue(job).id()).id();
        Instant first = asOf();
        assertThat(engine.runs().stale(List.of(job), Duration.ZERO)).contains(id);
        assertThat(engine.runs().stale(List.of(job), Duration.ofHours(1))).doesNotContain(id);
        engine.db().run("INSERT INTO " + t + " VALUES (1000, 1, 2)");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(asOf()).isAfter(first);
        assertThat(known(gates.switchGate(t).evidence()))
                .containsEntry("rows", 301L)
                .as("only what an insert filled can be an orphan")
                .doesNotContainKey("orphansChecked");
        engine.db().run("UPDATE " + t + " SET a = 7 WHERE id = 5");
        RunStatus stale = engine.execute(id);
        assertThat(stale.state()).isEqualTo("incomplete");
        assertThat(known(stale.failure()).code()).isEqualTo("stale-rows");
        assertThat(codes()).containsExactly("run-incomplete");
        assertThat(gates.switchGate(t).reasons().getFirst().message())
                .contains("1 of 301 rows no longer hold", "old code still writes");
        assertThat(engine.runs().stale(List.of(job), Duration.ZERO)).doesNotContain(id);
    }

    /** A look keeps to the windows, so evidence does not grow old outside of them. */
    @Test
    void timeOutsideOfTheWindowsDoesNotCount() throws Exception {
        Job job = job("a");
        UUID id = engine.execute(engine.queue(job).id()).id();
        looked(id, Duration.ofHours(40), Duration.ofSeconds(1));
        assertThat(codes()).containsExactly("evidence-old");
        String inThreeDays = OffsetDateTime.now(ZoneOffset.UTC)
                .plusDays(3)
                .getDayOfWeek()
                .getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
        windows(inThreeDays + " 00:00-24:00 UTC");
        assertThat(codes()).isEmpty();
        windows("Mon-Sun 00:00-24:00 UTC");
        assertThat(codes()).containsExactly("evidence-old");
        assertThat(gates.switchGate(t).reasons().getFirst().message())
                .contains("only time in the job's windows counts");
    }

    private void windows(String window) {
        Job job = TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                + ", set: { b: a }, where: b IS NULL, throttle: { windows: [\"" + window + "\"] } }");
        FILES.clear();
        FILES.add(new JobFile(t + ".yaml", Optional.of(job), List.of(), Map.of()));
    }

    /** The evidence is of a look that ended so long ago and took so long. */
    private void looked(UUID run, Duration ago, Duration length) {
        String until = "now() - interval '" + ago.toSeconds() + " s'";
        set(
                run,
                "evidence = (evidence::jsonb || jsonb_build_object('verifiedUntil', " + until + ", 'verifiedAsOf', "
                        + until + " - interval '" + length.toSeconds() + " s'))::text");
    }

    @Test
    void evidenceThatNobodyRenewsIsVoidAfterTwiceItsTimeAndWhatTheLastLookTook() throws Exception {
        UUID id = engine.execute(engine.queue(job("a * 2")).id()).id();
        looked(id, Duration.ofSeconds(2 * 3600 + 50), Duration.ofSeconds(60));
        assertThat(codes()).isEmpty();
        looked(id, Duration.ofSeconds(2 * 3600 + 70), Duration.ofSeconds(60));
        assertThat(codes()).containsExactly("evidence-old");
        assertThat(gates.switchGate(t).reasons().getFirst().message())
                .contains(
                        "older than 121m is void",
                        "verify.repeat-every, 1h",
                        "what the last look took, 1m",
                        "verify.evidence-expires-after",
                        "sluice status " + t,
                        "worker is alive");
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(codes()).isEmpty();
    }

    @Test
    void whenEvidenceExpiresCanBeSetInPlainTime() throws Exception {
        UUID id = engine.execute(engine.queue(job("a * 2")).id()).id();
        SwitchGate day = gates(() -> List.copyOf(FILES), Agreement.ALONE, Optional.of(Duration.ofDays(1)));
        looked(id, Duration.ofHours(23), Duration.ofHours(9));
        assertThat(day.switchGate(t).open()).isTrue();
        looked(id, Duration.ofHours(25), Duration.ofHours(9));
        assertThat(day.switchGate(t).reasons()).singleElement().satisfies(r -> {
            assertThat(r.code()).isEqualTo("evidence-old");
            assertThat(r.message()).contains("older than 1d is void (verify.evidence-expires-after)");
        });
    }

    @Test
    void evidenceOfAnOlderVersionIsAsOldAsItsFirstRead() throws Exception {
        UUID id = engine.execute(engine.queue(job("a * 2")).id()).id();
        String older = "evidence = ((evidence::jsonb - 'verifiedUntil') || jsonb_build_object('verifiedAsOf',"
                + " clock_timestamp() - interval '%s'))::text";
        set(id, older.formatted("119 min"));
        assertThat(codes()).isEmpty();
        set(id, older.formatted("121 min"));
        assertThat(codes()).containsExactly("evidence-old");
    }

    /** The worker's clock may be wrong: what a gate judges by is never its. */
    @Test
    void everyMomentOfTheEvidenceIsByTheDatabasesClock() throws Exception {
        try (TestEngine wrong = TestEngine.on(engine.db(), new SkewedTime(Duration.ofDays(400)))) {
            Instant before = engine.databases().get("main").clock();
            RunStatus run = wrong.execute(wrong.queue(job("a * 2")).id());
            assertThat(run.state()).as(String.valueOf(run.failure())).isEqualTo("succeeded");
            UUID id = run.id();
            Evidence evidence = known(wrong.runs().newest(t).orElseThrow().evidence());
            assertThat(List.of(evidence.verifiedAsOf(), known(evidence.verifiedUntil()), evidence.analyzedAt()))
                    .isSorted()
                    .allSatisfy(m -> assertThat(m)
                            .isBetween(before, engine.databases().get("main").clock()));
            assertThat(codes()).isEmpty();
            looked(id, Duration.ofHours(3), Duration.ofSeconds(1));
            SwitchGate skewed = new SwitchGate(
                    () -> List.copyOf(FILES),
                    wrong.runs(),
                    wrong.databases(),
                    Agreement.ALONE,
                    Duration.ofHours(1),
                    Optional.empty());
            assertThat(skewed.switchGate(t).reasons())
                    .extracting(GateAnswer.Reason::code)
                    .containsExactly("evidence-old");
        }
    }

    @Test
    void whatCannotBeRenewedDoesNotGrowOld() throws Exception {
        Job job = TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", set: { a: a + 1 } }");
        FILES.add(new JobFile(t + ".yaml", Optional.of(job), List.of(), Map.of()));
        UUID id = engine.execute(engine.queue(job).id()).id();
        set(id, "finished_at = finished_at - interval '9 days', started_at = started_at - interval '9 days'");
        assertThat(codes()).isEmpty();
    }

    @Test
    void aRunThatALookMadeIncompleteIsLoggedAsThat() throws Exception {
        UUID id = engine.execute(engine.queue(job("a * 2")).id()).id();
        engine.db().run("UPDATE " + t + " SET a = 7 WHERE id = 5");
        var log = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        try {
            assertThat(engine.execute(id).state()).isEqualTo("incomplete");
        } finally {
            log.detachAppender(lines);
        }
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .contains("run " + id + " of " + t + " ended: incomplete");
    }

    @Test
    void aLookThatIsNotPossibleAnyMoreClosesTheGate() throws Exception {
        UUID id = engine.execute(engine.queue(job("a * 2")).id()).id();
        engine.db().run("ALTER TABLE " + t + " DROP COLUMN a");
        RunStatus run = engine.execute(id);
        assertThat(run.state()).isEqualTo("incomplete");
        assertThat(known(run.failure()).message()).contains("column \"a\" does not exist");
        assertThat(codes()).containsExactly("run-incomplete");
    }

    @Test
    void whatHasNoConditionIsNotLookedAtAgain() throws Exception {
        Job job = TestEngine.job("job: " + t + "\nmigrate: { table: " + t + ", set: { a: a + 1 } }");
        FILES.add(new JobFile(t + ".yaml", Optional.of(job), List.of(), Map.of()));
        UUID id = engine.execute(engine.queue(job).id()).id();
        assertThat(codes()).isEmpty();
        assertThat(known(gates.switchGate(t).evidence())).containsEntry("condition", "each range was committed once");
        assertThat(engine.runs().stale(List.of(job), Duration.ZERO)).doesNotContain(id);
    }
}
