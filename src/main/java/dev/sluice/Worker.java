package dev.sluice;

import dev.sluice.batch.BatchSize;
import dev.sluice.config.Settings;
import dev.sluice.database.Databases;
import dev.sluice.database.OwnSchema;
import dev.sluice.event.EventLog;
import dev.sluice.execution.RunEnvironment;
import dev.sluice.execution.WorkerLanes;
import dev.sluice.fleet.Definitions;
import dev.sluice.fleet.FleetJobs;
import dev.sluice.fleet.Member;
import dev.sluice.fleet.Membership;
import dev.sluice.http.HttpServer;
import dev.sluice.http.Operations;
import dev.sluice.http.Operations.ReadyCheck;
import dev.sluice.http.Services;
import dev.sluice.job.Job;
import dev.sluice.job.JobFolder;
import dev.sluice.job.JobReader;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.RunMeters;
import dev.sluice.metrics.SchedulerMeters;
import dev.sluice.phase.SwitchGate;
import dev.sluice.plan.CheckedJobs;
import dev.sluice.plan.DryRun;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RetrySettings;
import dev.sluice.resilience.RowRates;
import dev.sluice.run.LaneId;
import dev.sluice.run.Retention;
import dev.sluice.run.RunQueue;
import dev.sluice.run.RunState;
import dev.sluice.run.StoredFleetStop;
import dev.sluice.run.StoredRuns;
import dev.sluice.schedule.QuartzCronCheck;
import dev.sluice.schedule.ScheduleServices;
import dev.sluice.schedule.ScheduleSettings;
import dev.sluice.schedule.Scheduling;
import dev.sluice.schedule.Starts;
import dev.sluice.throttle.JobThrottles;
import dev.sluice.throttle.PaceSettings;
import dev.sluice.throttle.Samplers;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker: the doors are open from the start, and it takes work as soon as its control database answers.
 * {@link #close} lets the batches in flight finish, gives the runs back and leaves.
 */
final class Worker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    private final Settings settings;
    private final Time time;
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final AtomicReference<Optional<String>> notStarted =
            new AtomicReference<>(Optional.of("waiting for the control database to answer"));
    private final Databases databases;
    private final TargetSchemas schemas;
    private final JobFolder jobs;
    private final Scheduling scheduling;
    private final ScheduleServices work;
    private final WorkerLanes owner;
    private final ScheduleSync scheduleSync;
    private final HeartbeatLoop heartbeats;
    private final Housekeeping housekeeping;
    private final HttpServer http;

    private Worker(Settings settings, Time time) {
        this.settings = settings;
        this.time = time;
        Meters meters = part(new Meters());
        this.databases = part(new Databases(Wiring.databases(settings), settings.control()));
        this.schemas = part(new TargetSchemas(databases, time));
        this.jobs = new JobFolder(settings.jobs(), new JobReader(new QuartzCronCheck()));
        var states = Arrays.stream(RunState.values()).map(RunState::code).toList();
        RunMeters runMeters = new RunMeters(meters.registry(), states);
        Retries retries = new Retries(RetrySettings.of(settings.retry()));
        RowRates rates = new RowRates(time);
        Samplers samplers = part(new Samplers(databases, time));
        JobThrottles throttles = part(new JobThrottles(
                databases,
                samplers,
                PaceSettings.of(settings.throttle()),
                settings.throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES),
                time));
        DryRun dryRun = new DryRun(databases, settings.throttle().cores().orElse(ThrottleSettings.DEFAULT_CORES), time);
        Settings.Worker w = settings.worker();
        this.owner = part(new WorkerLanes(new RunEnvironment(
                databases,
                dryRun,
                retries,
                rates,
                BatchSize.Steps.of(settings.batch()),
                throttles,
                Wiring.limits(settings),
                runMeters,
                time,
                w.name(),
                this::offer,
                w.heartbeat(),
                w.takeover(),
                settings.verify().maxSweeps())));
        Member me = Member.starting(w.name(), Wiring.version(), w.heartbeat(), w.takeover());
        Definitions definitions = new Definitions(databases.control(), me, jobs);
        Membership membership = new Membership(databases.control(), me, time);
        FleetJobs known = new FleetJobs(jobs, definitions);
        StoredRuns runs = new StoredRuns(databases, definitions, owner);
        EventLog events = new EventLog(databases.control().sql());
        CheckedJobs checked = new CheckedJobs(known, dryRun);
        // who asks on behalf of people has less patience than who carries runs
        Databases brief = databases.within(Readiness.PATIENCE);
        StoredRuns seen = new StoredRuns(brief, definitions, owner);
        SwitchGate gates = new SwitchGate(
                known,
                seen,
                brief,
                definitions,
                settings.verify().repeatEvery(),
                settings.verify().evidenceExpiresAfter());
        this.scheduling = part(new Scheduling(
                databases.control(), ScheduleSettings.of(w.name(), w), new SchedulerMeters(meters.registry()), time));
        Starts starts = scheduling.starts(known, new RunQueue(databases, definitions));
        this.work = new ScheduleServices(starts, owner, runs, events);
        Wiring.bindMeters(meters, databases, scheduling.store(), retries, rates);
        Retention retention = new Retention(
                databases, settings.retention().runs(), settings.retention().events());
        ScheduleSync scheduleSync = new ScheduleSync(definitions, membership, scheduling.schedules());
        this.scheduleSync = scheduleSync;
        this.heartbeats = part(new HeartbeatLoop(membership, scheduling, scheduleSync));
        this.housekeeping = part(new Housekeeping(
                jobs,
                checked,
                scheduleSync,
                new MetricsReporter(seen, gates, runMeters, heartbeats::reports, jobs::good),
                () -> remove(retention),
                heartbeats::isWithdrawn,
                good -> seen.stale(good, settings.verify().repeatEvery()).forEach(starts::execute),
                w.jobsRefresh(),
                settings.verify().repeatEvery()));
        this.http = part(new HttpServer(
                settings.http(),
                new Services(
                        checked,
                        seen,
                        new StoredFleetStop(brief),
                        starts,
                        dryRun,
                        gates,
                        new EventLog(brief.control().sql())),
                new Operations(meters::scrape, checks()),
                time));
    }

    /**
     * Starts one. Returns when it answers HTTP and takes work; while the control database is away it answers, is not
     * ready, says so, and goes on trying.
     *
     * @throws Problem when its address is taken, or the control database refuses for good
     * @throws InterruptedException when asked to stop while it waits for it
     */
    static Worker start(Settings settings, Time time) throws InterruptedException {
        Worker worker = new Worker(settings, time);
        try {
            worker.open();
            return worker;
        } catch (RuntimeException | InterruptedException e) {
            worker.close();
            throw e;
        }
    }

    private void open() throws InterruptedException {
        http.start();
        LOG.info("worker {} answers at {}; settings:\n{}", settings.worker().name(), url(), settings.redacted());
        if (settings.http().tokens().isEmpty()) {
            LOG.info("no tokens are configured: it listens on loopback only, and anybody there may do anything");
        }
        jobs.refresh();
        String before = "";
        while (true) {
            try {
                OwnSchema.migrate(databases.control(), true);
                schemas.start();
                heartbeats.join();
                scheduling.start(work);
                break;
            } catch (Problem e) {
                if (e.kind() != Problem.Kind.UNAVAILABLE) {
                    throw e;
                }
                if (!before.equals(e.getMessage())) {
                    LOG.warn("waiting: {}", e.getMessage());
                }
                before = e.getMessage();
                notStarted.set(Optional.of(
                        "waiting for database " + databases.control().name() + Readiness.state(e)));
                time.pause(LOOK_AGAIN);
            }
        }
        heartbeats.start(settings.worker().heartbeat());
        housekeeping.start();
        notStarted.set(Optional.empty());
        LOG.info(
                "worker {} {}: {} job(s) in {}",
                settings.worker().name(),
                heartbeats.isWithdrawn() ? "is up" : "takes work",
                jobNames().size(),
                settings.jobs());
    }

    /** One worker is enough for it. */
    private void remove(Retention retention) {
        if (heartbeats.reports()) {
            retention.round();
        }
    }

    private void offer(LaneId lane) {
        scheduling.offers().offer(lane);
    }

    private List<ReadyCheck> checks() {
        List<ReadyCheck> checks = new ArrayList<>();
        checks.add(new ReadyCheck("started", notStarted::get));
        for (var database : databases.all()) {
            checks.add(new ReadyCheck("database-" + database.name(), Readiness.of(database)));
        }
        checks.add(new ReadyCheck("clock", () -> heartbeats.clock()));
        checks.add(new ReadyCheck("periodic-work", this::lost));
        checks.add(new ReadyCheck("worker-name", () -> heartbeats.name(), false));
        checks.add(new ReadyCheck("job-files", jobs::unreadable, false));
        checks.add(new ReadyCheck("schedules", () -> scheduleSync.problem(), false));
        return checks;
    }

    private Optional<String> lost() {
        return heartbeats.lost().or(owner::lost).or(scheduling::lost).or(() -> housekeeping.lost());
    }

    /** Where it answers, without a slash at the end. */
    String url() {
        String host = settings.http().host();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + http.port();
    }

    /** Names of the jobs whose files have no mistake, in the order of their files. */
    List<String> jobNames() {
        return jobs.good().stream().map(Job::name).toList();
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    /** In the reverse order of their making; what fails to close does not keep the others open. */
    @Override
    public void close() {
        notStarted.set(Optional.of("stopping"));
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("{} did not close: {}", part.getClass().getSimpleName(), String.valueOf(e.getMessage()));
            }
        }
    }
}
