package dev.sluice.testing;

import dev.sluice.batch.BatchSize;
import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.database.OwnSchema;
import dev.sluice.event.Actor;
import dev.sluice.execution.DatabaseLimits;
import dev.sluice.execution.LaneOffers;
import dev.sluice.execution.RunEnvironment;
import dev.sluice.execution.WorkerLanes;
import dev.sluice.fleet.Agreement;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.JobReader;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.RunMeters;
import dev.sluice.plan.JobCheck;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RetrySettings;
import dev.sluice.resilience.RowRates;
import dev.sluice.run.FleetStop;
import dev.sluice.run.LaneId;
import dev.sluice.run.LiveLimits;
import dev.sluice.run.RunQueue;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.StoredFleetStop;
import dev.sluice.run.StoredRuns;
import dev.sluice.throttle.JobThrottles;
import dev.sluice.throttle.OpeningHours;
import dev.sluice.throttle.PaceSettings;
import dev.sluice.throttle.Samplers;
import dev.sluice.throttle.Throttle;
import dev.sluice.throttle.Throttles;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The engine without doors and Quartz, on a database of its own: runs are carried in the calling thread. */
public final class TestEngine implements AutoCloseable {
    public static final Actor TESTER = new Actor("tester");

    private static final Settings DEFAULTS = SettingsReader.defaults();

    /** Finds nothing: the tests of the engine bring tables that will do. */
    private volatile JobCheck preflight = job -> List.of();

    private final TestPostgres.Fresh fresh;
    private final Databases databases;
    private final Meters meters = new Meters();
    private final StoredRuns runs;
    private final RunQueue queue;
    private final Offered offered = new Offered();
    private final Samplers samplers;
    private final Throttles throttles;
    private final WorkerLanes owner;

    private TestEngine(TestPostgres.Fresh fresh, List<DatabaseSettings> settings, String control, Time time) {
        this(fresh, settings, control, time, Map.of(), false);
    }

    private TestEngine(
            TestPostgres.Fresh fresh,
            List<DatabaseSettings> settings,
            String control,
            Time time,
            Map<String, DatabaseLimits> limits,
            boolean throttled) {
        this.fresh = fresh;
        this.databases = new Databases(settings, control);
        this.runs = new StoredRuns(databases, Agreement.ALONE, this::live);
        this.queue = new RunQueue(databases);
        this.samplers = new Samplers(databases, time);
        this.throttles = throttled
                ? new JobThrottles(
                        databases,
                        samplers,
                        PaceSettings.DEFAULT,
                        DEFAULTS.throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES),
                        time)
                : unthrottled(time);
        this.owner = owner(databases, limits, meters, time, offered, throttles);
    }

    private Optional<LiveLimits.Known> live(LaneId lane, @Nullable String by) {
        return owner.of(lane, by);
    }

    /** Runs as a worker that carries none of them sees them. */
    public StoredRuns elsewhere() {
        return new StoredRuns(databases);
    }

    /** On a fresh database, with time that is stepped by waits. */
    public static TestEngine create() {
        return on(TestPostgres.create(), new SteppedTime());
    }

    /** On a given database, with the given time. */
    public static TestEngine on(TestPostgres.Fresh fresh, Time time) {
        return migrated(new TestEngine(fresh, List.of(settings("main", fresh)), "main", time));
    }

    /** Runs are checked by this from now on. */
    public void preflight(JobCheck check) {
        preflight = check;
    }

    /** On a given database, with the machine's time, and with the signals that the jobs watch. */
    public static TestEngine throttled(TestPostgres.Fresh fresh) {
        return migrated(new TestEngine(fresh, List.of(settings("main", fresh)), "main", Time.system(), Map.of(), true));
    }

    /** On a given database that has limits. */
    public static TestEngine limited(TestPostgres.Fresh fresh, Time time, DatabaseLimits limits) {
        return migrated(
                new TestEngine(fresh, List.of(settings("main", fresh)), "main", time, Map.of("main", limits), false));
    }

    /** With the rows in one database and the control tables in another. */
    public static TestEngine onTwo(TestPostgres.Fresh target, TestPostgres.Fresh control, Time time) {
        return migrated(new TestEngine(
                target, List.of(settings("main", target), settings("control", control)), "control", time));
    }

    /** As another role, on a database that an engine of a superuser has been on. */
    public static TestEngine as(TestPostgres.Fresh role, Time time) {
        return new TestEngine(role, List.of(settings("main", role)), "main", time);
    }

    private static DatabaseSettings settings(String name, TestPostgres.Fresh fresh) {
        DatabaseSettings s = DatabaseSettings.of(name, fresh.url(), fresh.user(), fresh.password());
        return new DatabaseSettings(
                s.name(),
                s.url(),
                s.user(),
                s.password(),
                s.poolSize(),
                Duration.ofMillis(250), // the tests wait for locks on purpose
                s.statementTimeout(),
                s.idleInTransactionTimeout(),
                s.transactionTimeout(),
                s.analyzeTimeout(),
                Duration.ofMillis(300), // and for databases that are away
                s.socketTimeout());
    }

    private static TestEngine migrated(TestEngine engine) {
        engine.databases.all().forEach(d -> OwnSchema.migrate(d, d == engine.databases.control()));
        return engine;
    }

    private WorkerLanes owner(
            Databases databases,
            Map<String, DatabaseLimits> limits,
            Meters meters,
            Time time,
            Offered offers,
            Throttles throttles) {
        var states = Arrays.stream(RunState.values()).map(RunState::code).toList();
        return new WorkerLanes(new RunEnvironment(
                databases,
                job -> preflight.check(job),
                new Retries(RetrySettings.DEFAULT),
                new RowRates(time),
                BatchSize.Steps.DEFAULT,
                throttles,
                limits,
                new RunMeters(meters.registry(), states),
                time,
                "test",
                offers::offer,
                Duration.ofMillis(50),
                Duration.ofSeconds(5),
                DEFAULTS.verify().maxSweeps()));
    }

    /** No signals: the throttle has tests of its own, and waits for nothing in these. */
    private Throttles unthrottled(Time time) {
        return (job, facts) -> new Throttle(
                samplers.of(job.database()), List.of(), new OpeningHours(List.of()), PaceSettings.DEFAULT, time);
    }

    /** The job that this YAML defines. */
    public static Job job(String yaml) {
        JobFile file = new JobReader(cron -> Optional.empty()).read("test.yaml", yaml);
        return file.job()
                .orElseThrow(() -> new IllegalArgumentException(file.mistakes().toString()));
    }

    /** What must be there at this point of the test. */
    public static <T> T known(@Nullable T value) {
        return Objects.requireNonNull(value);
    }

    /** Queues a run. */
    public RunStatus queue(Job job) {
        return queue.queue(job, TESTER, "http", Optional.empty()).run();
    }

    /** Queues a run of the job that this YAML defines, and carries it to its end. */
    public RunStatus run(String yaml) throws InterruptedException {
        return execute(queue(job(yaml)).id());
    }

    /** Carries a run on. */
    public RunStatus execute(UUID run) throws InterruptedException {
        owner.execute(LaneId.conducting(run));
        return runs.find(run).orElseThrow();
    }

    /** The lanes that were offered so far, in order; the tests carry each themselves. */
    private static final class Offered implements LaneOffers {
        private final List<LaneId> lanes = new CopyOnWriteArrayList<>();

        @Override
        public void offer(LaneId lane) {
            lanes.add(lane);
        }
    }

    /** The lanes that a conductor has offered to other workers, in order. */
    public List<LaneId> offered() {
        return List.copyOf(offered.lanes);
    }

    /** Carries a run on in a thread of its own. */
    public CompletableFuture<RunStatus> carryAside(UUID run) {
        return carryAside(LaneId.conducting(run));
    }

    /** Carries a lane in a thread of its own. */
    public CompletableFuture<RunStatus> carryAside(LaneId lane) {
        var end = new CompletableFuture<RunStatus>();
        Thread.ofPlatform().name("carrier").daemon().start(() -> {
            try {
                owner.execute(lane);
                end.complete(runs.find(lane.run()).orElseThrow());
            } catch (InterruptedException | RuntimeException e) {
                end.completeExceptionally(e);
            }
        });
        return end;
    }

    /**
     * Returns when the run's carrier has written what it knew after this was called; fails where none comes. One sign
     * of life may have been on its way with what was known before: the second counts.
     */
    public void awaitBeat(UUID run) {
        awaitOneBeat(run);
        awaitOneBeat(run);
    }

    private void awaitOneBeat(UUID run) {
        var control = databases.control().sql();
        String clock = String.valueOf(control.fetchValue("SELECT clock_timestamp()::text"));
        long patience = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (control.fetch(
                        "SELECT 1 FROM sluice.lane WHERE run_id = ? AND heartbeat_at > CAST(? AS timestamptz)",
                        run,
                        clock)
                .isEmpty()) {
            if (System.nanoTime() > patience) {
                throw new IllegalStateException("no heartbeat of run " + run);
            }
            Thread.onSpinWait();
        }
    }

    public StoredRuns runs() {
        return runs;
    }

    public RunQueue queue() {
        return queue;
    }

    /** Stops all runs, and lets them go on. */
    public FleetStop fleet() {
        return new StoredFleetStop(databases);
    }

    public Databases databases() {
        return databases;
    }

    public TestPostgres.Fresh db() {
        return fresh;
    }

    public String scrape() {
        return meters.scrape();
    }

    @Override
    public void close() {
        owner.close();
        if (throttles instanceof JobThrottles open) {
            open.close();
        }
        samplers.close();
        databases.close();
        meters.close();
    }
}
