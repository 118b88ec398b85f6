package dev.sluice.schedule;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.OwnSchema;
import dev.sluice.event.Actor;
import dev.sluice.event.Event;
import dev.sluice.event.Events;
import dev.sluice.execution.LaneRunner;
import dev.sluice.job.BatchSettings;
import dev.sluice.job.Job;
import dev.sluice.job.JobFile;
import dev.sluice.job.Jobs;
import dev.sluice.job.Mistake;
import dev.sluice.job.Schedule;
import dev.sluice.job.Shape;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.SchedulerMeters;
import dev.sluice.problem.Problem;
import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.OrphanedLanes;
import dev.sluice.run.Queue;
import dev.sluice.run.QueueResult;
import dev.sluice.run.RunStatus;
import dev.sluice.sql.TableName;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A control database with workers on it; runs are rows of {@code sluice.run}, made and looked at as the product does.
 */
final class Rig implements AutoCloseable {
    final TestPostgres.Fresh fresh;
    final Database control;
    final List<JobFile> files = new CopyOnWriteArrayList<>();
    final List<Event> events = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> opened = new ArrayList<>();

    Rig(TestPostgres.Fresh fresh) {
        this.fresh = fresh;
        this.control = open(fresh);
        OwnSchema.migrate(control, true);
    }

    private static Database open(TestPostgres.Fresh fresh) {
        var s = DatabaseSettings.of("main", fresh.url(), fresh.user(), fresh.password());
        return Database.open(new DatabaseSettings(
                s.name(),
                s.url(),
                s.user(),
                s.password(),
                4,
                s.lockTimeout(),
                s.statementTimeout(),
                s.idleInTransactionTimeout(),
                s.transactionTimeout(),
                s.analyzeTimeout(),
                Duration.ofSeconds(1),
                s.socketTimeout()));
    }

    static ScheduleSettings settings(String worker, Duration takeover) {
        return new ScheduleSettings(worker, 4, Duration.ofMillis(500), takeover, Duration.ofSeconds(3));
    }

    static Job job(String name, @Nullable Schedule schedule) {
        var migrate = new Job.Migrate(
                new TableName("app", "users"),
                new Shape.Delete(),
                Optional.of("true"),
                List.of(),
                1,
                BatchSettings.DEFAULT,
                ThrottleSettings.DEFAULT,
                Optional.ofNullable(schedule),
                false,
                false);
        return new Job(name, Optional.empty(), Optional.empty(), "main", migrate, Optional.empty(), "f", "{}");
    }

    void define(Job job) {
        files.add(new JobFile(job.name() + ".yaml", Optional.of(job), List.of(), Map.of()));
    }

    void broken(String path) {
        files.add(new JobFile(
                path,
                Optional.empty(),
                List.of(new Mistake(path, 3, "migrate.table", "wrong-type", "not a text.", "Quote it.")),
                Map.of()));
    }

    /** What another worker holds. */
    final List<Job> elsewhere = new CopyOnWriteArrayList<>();

    Jobs jobs() {
        return new Jobs() {
            @Override
            public List<JobFile> files() {
                return List.copyOf(files);
            }

            @Override
            public Optional<Job> elsewhere(String name) {
                return elsewhere.stream().filter(j -> j.name().equals(name)).findFirst();
            }
        };
    }

    /** A worker that takes work. */
    Worker worker(ScheduleSettings settings, LaneRunner owner) {
        return worker(settings, owner, control);
    }

    /** A worker that takes work and reaches the control database by a way of its own. */
    Worker worker(ScheduleSettings settings, LaneRunner owner, TestPostgres.Fresh way) {
        Database its = open(way);
        opened.add(its);
        return worker(settings, owner, its);
    }

    private Worker worker(ScheduleSettings settings, LaneRunner owner, Database its) {
        var worker = new Worker(this, settings, its);
        opened.addFirst(worker);
        worker.scheduling.start(new ScheduleServices(worker.starts, owner, orphanedLanes(), events()));
        return worker;
    }

    OrphanedLanes orphanedLanes() {
        return new OrphanedLanes() {
            @Override
            public List<LaneId> orphanedLanes(Duration silence) {
                return control
                        .sql()
                        .fetch(
                                "SELECT run_id FROM sluice.lane JOIN sluice.run ON id = run_id WHERE state IN ('queued','running','verifying','sweeping')"
                                        + " AND coalesce(heartbeat_at, wanted_at) < clock_timestamp() - make_interval(secs => ?)",
                                silence.toMillis() / 1000.0)
                        .getValues(0, UUID.class)
                        .stream()
                        .map(LaneId::conducting)
                        .toList();
            }

            @Override
            public boolean isOwned(LaneId lane, Duration silence) {
                return new LaneTable(control).isOwned(lane, silence);
            }
        };
    }

    void beat(UUID run) {
        control.sql()
                .execute(
                        "WITH r AS (UPDATE sluice.run SET state = 'running' WHERE id = ?)"
                                + " UPDATE sluice.lane SET heartbeat_at = clock_timestamp() WHERE run_id = ?",
                        run,
                        run);
    }

    boolean isLive(UUID run) {
        return !control.sql()
                .fetch("SELECT 1 FROM sluice.run WHERE id = ? AND state IN ('queued', 'running')", run)
                .isEmpty();
    }

    void end(UUID run) {
        control.sql().execute("UPDATE sluice.run SET state = 'succeeded' WHERE id = ?", run);
    }

    /** A run as it is left by a worker that died this long ago. */
    UUID orphan(String job, Duration silent) {
        UUID id = insert(job);
        control.sql()
                .execute(
                        "WITH r AS (UPDATE sluice.run SET state = 'running' WHERE id = ?)"
                                + " UPDATE sluice.lane SET heartbeat_at = clock_timestamp() - make_interval(secs => ?) WHERE run_id = ?",
                        id,
                        silent.toMillis() / 1000.0,
                        id);
        return id;
    }

    private UUID insert(String job) {
        UUID id = UUID.randomUUID();
        control.sql()
                .execute(
                        "INSERT INTO sluice.run (id, job, database, fingerprint, definition, state, pass, sweeps, again, requested_by, trigger, created_at)"
                                + " VALUES (?, ?, 'main', 'f', '{}', 'queued', 0, 0, false, 'x', 'http', clock_timestamp())",
                        id,
                        job);
        control.sql().execute("INSERT INTO sluice.lane (run_id, lane, wanted_at) VALUES (?, 0, clock_timestamp())", id);
        return id;
    }

    private Queue queue() {
        return (job, actor, trigger, key) -> {
            Optional<UUID> live = control.sql()
                    .fetchOptional(
                            "SELECT id FROM sluice.run WHERE job = ? AND state IN ('queued','running','paused','verifying','sweeping')",
                            job.name())
                    .map(r -> r.get(0, UUID.class));
            if (live.isPresent()) {
                throw new Problem(
                        Problem.Kind.CONFLICT, "live-run-exists", "Job has a live run.", Map.of("run", live.get()));
            }
            return new QueueResult(status(insert(job.name()), job.name(), actor, trigger), true, false);
        };
    }

    private static RunStatus status(UUID id, String job, Actor actor, String trigger) {
        var progress = new RunStatus.Progress(
                "migrate", 0L, 0L, 0L, 0L, 0L, 0L, 0L, null, null, null, null, null, null, null, null, 0L, 1, 0, null,
                null);
        return new RunStatus(
                id,
                job,
                "main",
                "app.users",
                "f",
                "queued",
                progress,
                null,
                null,
                new RunStatus.Settings(Duration.ofMillis(200), 1000, null, null, null),
                new RunStatus.TimeSpent(null, 0, 0, 0),
                actor.name(),
                trigger,
                List.of(),
                0,
                Instant.EPOCH,
                null,
                null);
    }

    Events events() {
        return new Events() {
            @Override
            public void append(
                    Actor actor, String action, @Nullable String job, @Nullable UUID run, Map<String, Object> detail) {
                events.add(new Event(events.size() + 1L, Instant.EPOCH, actor.name(), action, job, run, detail));
            }

            @Override
            public List<Event> list(Optional<String> job, Optional<UUID> run, long after, int limit) {
                return List.copyOf(events);
            }
        };
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable c : opened) {
            c.close();
        }
        control.close();
    }

    /** One worker's scheduling. */
    static final class Worker implements AutoCloseable {
        final Meters meters = new Meters();
        final Scheduling scheduling;
        final Starts starts;

        Worker(Rig rig, ScheduleSettings settings) {
            this(rig, settings, rig.control);
        }

        private Worker(Rig rig, ScheduleSettings settings, Database its) {
            scheduling = new Scheduling(its, settings, new SchedulerMeters(meters.registry()), Time.system());
            starts = scheduling.starts(rig.jobs(), rig.queue());
        }

        UUID start(String job) {
            return starts.start(job, new Actor("ann"), "http", Optional.empty())
                    .run()
                    .id();
        }

        /** As kill -9 would: no goodbye to the database, no check-in, nothing acquired or fired any more. */
        void vanish() {
            scheduling.store().close();
        }

        double meter(String line) {
            return meters.scrape()
                    .lines()
                    .filter(l -> l.startsWith(line + " "))
                    .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' '))))
                    .sum();
        }

        @Override
        public void close() {
            scheduling.close();
            meters.close();
        }
    }
}
