package dev.sluice.http;

import dev.sluice.event.Actor;
import dev.sluice.event.Event;
import dev.sluice.event.Events;
import dev.sluice.job.BatchSettings;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import dev.sluice.job.Mistake;
import dev.sluice.job.Schedule;
import dev.sluice.job.Shape;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.phase.GateAnswer;
import dev.sluice.plan.PlanReport;
import dev.sluice.plan.Plans;
import dev.sluice.problem.Problem;
import dev.sluice.run.FleetStop;
import dev.sluice.run.RunStatus;
import dev.sluice.run.Runs;
import dev.sluice.run.SettingsChange;
import dev.sluice.schedule.Starts;
import dev.sluice.sql.TableName;
import dev.sluice.testing.TestEngine;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A worker without an engine: remembers what was asked of it and answers what the test put in. */
public final class FakeServices implements Runs, FleetStop, Starts, Events {
    private static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
    private static final FleetStop.Status RUNS_GO_ON = new FleetStop.Status(false, null, null, null);
    private static final String FINGERPRINT = "ab".repeat(32);

    /** What was asked, such as {@code pause <id> by anna}. */
    public final List<String> asked = Collections.synchronizedList(new CopyOnWriteArrayList<>());

    /** Runs by id; tests change them. */
    public final Map<UUID, RunStatus> runs = new ConcurrentHashMap<>();

    /** Answers of the gate, the last one stays. */
    public final Deque<GateAnswer> gates = new ArrayDeque<>();

    /** What {@code find} shows next, one after the other. */
    public final Deque<RunStatus> script = new ArrayDeque<>();

    private final List<Event> log = new CopyOnWriteArrayList<>();
    private final Map<String, RunStatus> keys = new HashMap<>();
    private volatile @Nullable RuntimeException thrown;
    private final AtomicInteger looks = new AtomicInteger();
    private volatile int awayFrom = Integer.MAX_VALUE;
    private volatile int awayTo = Integer.MAX_VALUE;
    private volatile boolean runnable = true;
    private volatile boolean tableMissing;
    private volatile FleetStop.Status stop = RUNS_GO_ON;

    /** All of it, as the door takes it. */
    public Services services() {
        return new Services(FakeServices::jobs, this, this, this, plans(), this::gate, this);
    }

    /** Every later question is answered by this exception; null ends it. */
    public void fail(@Nullable RuntimeException e) {
        thrown = e;
    }

    /** After so many looks at a run, the database is away for so many more. */
    public void awayAfter(int before, int length) {
        awayFrom = before;
        awayTo = before + length;
    }

    /** Whether {@code plan} finds nothing that refuses. */
    public void runnable(boolean is) {
        runnable = is;
    }

    /** {@code plan} finds no table. */
    public void tableMissing() {
        tableMissing = true;
    }

    /** When the schedule of {@code users-full-name} starts it next. */
    public static final Instant NEXT = Instant.parse("2026-12-24T18:00:00Z");

    private static List<JobFile> jobs() {
        var migrate = new Job.Migrate(
                new TableName("app", "users"),
                new Shape.Set(Map.of("full_name", "first_name")),
                Optional.of("full_name IS NULL"),
                List.of(),
                1,
                BatchSettings.DEFAULT,
                ThrottleSettings.DEFAULT,
                Optional.of(new Schedule("0 0 18 24 12 ?", ZoneOffset.UTC, Schedule.Misfire.ONCE)),
                false,
                false);
        var job = new Job(
                "users-full-name",
                Optional.of("Names"),
                Optional.empty(),
                "main",
                migrate,
                Optional.empty(),
                FINGERPRINT,
                "{\"job\":\"users-full-name\"}");
        return List.of(
                new JobFile("bad.yaml", Optional.empty(), List.of(mistake()), Map.of()),
                new JobFile("users.yaml", Optional.of(job), List.of(), Map.of()));
    }

    /** The mistake of {@code bad.yaml}. */
    public static Mistake mistake() {
        return new Mistake("bad.yaml", 3, "migrate.tabel", "unknown-key", "unknown key.", "write migrate.table.");
    }

    private Plans plans() {
        return (job, trial) -> {
            asked.add("plan " + job.name() + (trial ? " with a trial" : ""));
            return plan();
        };
    }

    private PlanReport plan() {
        failIfAsked();
        if (tableMissing) {
            return new PlanReport(
                    "users-full-name",
                    "main",
                    "app.users",
                    "set",
                    List.of(),
                    null,
                    FINGERPRINT,
                    false,
                    null,
                    "unknown",
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    List.of(new PlanReport.Finding(
                            "refuse", "no-such-table", "migrate.table", "no such table.", "fix")),
                    List.of(),
                    List.of());
        }
        return new PlanReport(
                "users-full-name",
                "main",
                "app.users",
                "set",
                List.of("id bigint"),
                "users_pkey",
                FINGERPRINT,
                runnable,
                true,
                "equality",
                "full_name IS NOT DISTINCT FROM first_name",
                1,
                1_000_000L,
                123_456_789L,
                95.0,
                9_500.0,
                runnable
                        ? List.of(new PlanReport.Finding(
                                "warn", "still-matching", "migrate.where", "3 rows stay.", "fix"))
                        : List.of(new PlanReport.Finding(
                                "refuse", "key-not-unique", "migrate.key", "not unique.", "add")),
                List.of(new PlanReport.Statement("batch", "UPDATE …", "Index Scan using users_pkey")),
                List.of(new PlanReport.SampleRow(
                        Map.of("id", "1"), Map.of("full_name", "Ada Lovelace"), Map.of("full_name", "Ada"))));
    }

    private GateAnswer gate(String job) {
        failIfAsked();
        if (!job.equals("users-full-name")) {
            throw unknownJob(job);
        }
        GateAnswer answer = gates.size() > 1 ? gates.pop() : gates.peek();
        return answer == null ? closed() : answer;
    }

    /** A closed gate. */
    public static GateAnswer closed() {
        return new GateAnswer(
                "users-full-name",
                "switch",
                false,
                List.of(new GateAnswer.Reason("never-run", "It never ran. Run it.")),
                null);
    }

    /** An open gate. */
    public static GateAnswer open() {
        return new GateAnswer(
                "users-full-name",
                "switch",
                true,
                List.of(),
                Map.of("rows", 1000, "verifiedAsOf", "2026-03-01T12:00:00Z"));
    }

    /** Puts in a run in this state. */
    public RunStatus run(String state) {
        RunStatus run = status(UUID.randomUUID(), state, 250, null);
        runs.put(run.id(), run);
        return run;
    }

    /** A run as it may look: 1,000 rows, so many walked. */
    public static RunStatus status(UUID id, String state, long scanned, RunStatus.@Nullable Limit limit) {
        boolean failed = state.equals("failed");
        return new RunStatus(
                id,
                "users-full-name",
                "main",
                "app.users",
                FINGERPRINT,
                state,
                new RunStatus.Progress(
                        "migrate",
                        scanned,
                        scanned,
                        0L,
                        0L,
                        0L,
                        0L,
                        0L,
                        1000L,
                        1000 - scanned,
                        scanned / 1000.0,
                        50.0,
                        (1000 - scanned) / 50.0,
                        100,
                        8,
                        0.75,
                        scanned / 100,
                        1,
                        0,
                        NOON,
                        2.5),
                limit,
                failed
                        ? new RunStatus.Failure(
                                "definition-error",
                                "no such column. Fix it.",
                                "42703",
                                "UPDATE x",
                                8,
                                "after (Anna Secret 1) up to (Anna Secret 2)",
                                "no integer: \"Anna Secret\"",
                                "Failing row contains (Anna Secret).",
                                Map.of("id", "Anna Secret 2"))
                        : null,
                new RunStatus.Settings(Duration.ofMillis(200), 1000, null, null, null),
                new RunStatus.TimeSpent(0.5, 12, 7, 1),
                "anna",
                "http",
                List.of(new RunStatus.Lane(0, "box#1", 50.0, limit)),
                0,
                NOON,
                NOON,
                state.equals("succeeded") ? NOON.plusSeconds(20) : null);
    }

    /** A run in another pass. */
    public static RunStatus pass(UUID id, String pass, long scanned) {
        RunStatus s = status(id, "verifying", scanned, null);
        var p = s.progress();
        return new RunStatus(
                s.id(),
                s.job(),
                s.database(),
                s.table(),
                s.fingerprint(),
                s.state(),
                new RunStatus.Progress(
                        pass,
                        p.scanned(),
                        p.changed(),
                        0L,
                        0L,
                        0L,
                        0L,
                        0L,
                        p.estimatedRows(),
                        p.remaining(),
                        p.ratio(),
                        p.rowsPerSecond(),
                        p.etaSeconds(),
                        p.batchSize(),
                        p.stripes(),
                        p.hotRatio(),
                        p.batches(),
                        1,
                        0,
                        p.checkpointAt(),
                        p.checkpointAgeSeconds()),
                null,
                null,
                s.settings(),
                s.time(),
                s.requestedBy(),
                s.trigger(),
                s.lanes(),
                0,
                s.createdAt(),
                s.startedAt(),
                null);
    }

    @Override
    public Optional<RunStatus> find(UUID id) {
        failIfAsked();
        int look = looks.getAndIncrement();
        if (look >= awayFrom && look < awayTo) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE, "database-unavailable", "Database \"main\" does not answer. Try again.");
        }
        RunStatus scripted = script.poll();
        if (scripted != null) {
            runs.put(id, scripted);
        }
        return Optional.ofNullable(runs.get(id));
    }

    @Override
    public List<RunStatus> list(Optional<String> job, int limit) {
        failIfAsked();
        return runs.values().stream()
                .filter(r -> job.map(r.job()::equals).orElse(true))
                .limit(limit)
                .toList();
    }

    @Override
    public List<RunStatus> latest() {
        failIfAsked();
        return list(Optional.empty(), 1);
    }

    @Override
    public RunStatus pause(UUID id, Actor actor) {
        return move("pause", id, actor, "paused");
    }

    @Override
    public RunStatus resume(UUID id, Actor actor) {
        return move("resume", id, actor, "queued");
    }

    @Override
    public RunStatus cancel(UUID id, Actor actor) {
        return move("cancel", id, actor, "cancelled");
    }

    @Override
    public RunStatus tune(UUID id, SettingsChange change, Actor actor) {
        RunStatus run = move("tune " + change, id, actor, "running");
        append(actor, "run.tuned", run.job(), id, Map.of());
        return run;
    }

    @Override
    public FleetStop.Status now() {
        failIfAsked();
        return stop;
    }

    @Override
    public FleetStop.Status stop(Optional<String> reason, Actor actor) {
        failIfAsked();
        asked.add("stop-all " + reason.orElse("-") + " by " + actor.name());
        stop = new FleetStop.Status(true, actor.name(), NOON, reason.orElse(null));
        return stop;
    }

    @Override
    public FleetStop.Status resume(Actor actor) {
        failIfAsked();
        asked.add("resume-all by " + actor.name());
        stop = RUNS_GO_ON;
        return stop;
    }

    private RunStatus move(String what, UUID id, Actor actor, String state) {
        failIfAsked();
        RunStatus old = runs.get(id);
        if (old == null) {
            throw new Problem(Problem.Kind.NOT_FOUND, "unknown-run", "There is no run " + id + ".");
        }
        asked.add(what + " " + id + " by " + actor.name());
        RunStatus moved = status(id, state, TestEngine.known(old.progress().scanned()), null);
        runs.put(id, moved);
        return moved;
    }

    @Override
    public Started start(String job, Actor actor, String trigger, Optional<String> idempotencyKey) {
        failIfAsked();
        if (!job.equals("users-full-name")) {
            throw unknownJob(job);
        }
        asked.add(
                "start " + job + " by " + actor.name() + " trigger " + trigger + " key " + idempotencyKey.orElse("-"));
        RunStatus before = idempotencyKey.map(keys::get).orElse(null);
        if (before != null) {
            return new Started(before, false, false);
        }
        Optional<RunStatus> live =
                runs.values().stream().filter(r -> r.state().equals("running")).findFirst();
        if (live.isPresent()) {
            throw new Problem(
                    Problem.Kind.CONFLICT,
                    "live-run-exists",
                    "Run " + live.get().id() + " of this job is live. Wait for it, or cancel it.",
                    Map.of("run", live.get().id().toString()));
        }
        RunStatus run = run("queued");
        idempotencyKey.ifPresent(k -> keys.put(k, run));
        return new Started(run, true, false);
    }

    @Override
    public Map<String, Instant> nextStarts() {
        failIfAsked();
        return Map.of("users-full-name", NEXT);
    }

    @Override
    public void execute(UUID run) {
        asked.add("carry " + run);
    }

    @Override
    public void append(
            Actor actor, String action, @Nullable String job, @Nullable UUID run, Map<String, Object> detail) {
        log.add(new Event(log.size() + 1L, NOON, actor.name(), action, job, run, detail));
    }

    @Override
    public List<Event> list(Optional<String> job, Optional<UUID> run, long after, int limit) {
        failIfAsked();
        List<Event> found = log.stream()
                .filter(e -> e.id() > after)
                .filter(e -> job.map(j -> j.equals(e.job())).orElse(true))
                .filter(e -> run.map(r -> r.equals(e.run())).orElse(true))
                .toList();
        int from = after == 0 ? Math.max(0, found.size() - limit) : 0;
        return found.subList(from, Math.min(found.size(), from + limit));
    }

    private static Problem unknownJob(String job) {
        Jobs jobs = FakeServices::jobs;
        return jobs.missing(job);
    }

    private void failIfAsked() {
        RuntimeException e = thrown;
        if (e != null) {
            throw e;
        }
    }
}
