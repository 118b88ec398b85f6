package dev.sluice.run;

import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.SqlFailure;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.event.EventLog;
import dev.sluice.fleet.Agreement;
import dev.sluice.job.Job;
import dev.sluice.job.JobReader;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * {@link Runs} in the databases. A change is made in a transaction of the control database around the one of the
 * target: when the target cannot store it, the control database forgets it too, and the answer is UNAVAILABLE.
 */
public final class StoredRuns implements Runs, GateInput.Source, OrphanedLanes {
    private final Databases databases;
    private final RunTable table;
    private final LaneTable lanes;
    private final StatusView view;
    private final Agreement agreement;

    /** For a worker that is alone. */
    public StoredRuns(Databases databases) {
        this(databases, Agreement.ALONE);
    }

    /** @param agreement obeyed by a resume that starts an ended run again */
    public StoredRuns(Databases databases, Agreement agreement) {
        this(databases, agreement, LiveLimits.NONE);
    }

    /**
     * @param agreement obeyed by a resume that starts an ended run again
     * @param live what the lanes of this worker know of themselves
     */
    public StoredRuns(Databases databases, Agreement agreement, LiveLimits live) {
        this.databases = databases;
        this.agreement = agreement;
        this.table = new RunTable(databases.control());
        this.lanes = new LaneTable(databases.control());
        this.view = new StatusView(databases, live);
    }

    @Override
    public Optional<RunStatus> find(UUID id) {
        return reading(() -> table.find(id).map(view::of));
    }

    @Override
    public List<RunStatus> list(Optional<String> job, int limit) {
        return reading(() -> view.of(table.list(job, limit)));
    }

    @Override
    public List<RunStatus> latest() {
        return reading(() -> view.of(table.latest()));
    }

    @Override
    public Map<String, GateInput> newest(Collection<String> jobs) {
        return reading(() -> table.latest(jobs).stream().collect(Collectors.toMap(RunRecord::getJob, GateInput::of)));
    }

    /**
     * The newest run of each of these jobs, where it succeeded on this very definition and was last verified longer ago
     * than {@code age}. Its evidence is renewed when it is carried again.
     */
    public List<UUID> stale(Collection<Job> jobs, Duration age) {
        Map<String, String> fingerprints = new LinkedHashMap<>();
        jobs.forEach(j -> fingerprints.put(j.name(), j.fingerprint()));
        return reading(() -> table.stale(age).stream()
                .filter(r -> r.getFingerprint().equals(fingerprints.get(r.getJob())))
                .filter(r -> GateInput.of(r).canBeRenewed())
                .map(RunRecord::getId)
                .toList());
    }

    @Override
    public List<LaneId> orphanedLanes(Duration silence) {
        return lanes.orphanedLanes(silence);
    }

    @Override
    public boolean isOwned(LaneId lane, Duration silence) {
        return lanes.isOwned(lane, silence);
    }

    @Override
    public RunStatus pause(UUID id, Actor actor) {
        return change(id, c -> {
            if (RunState.of(c.row.getState()) == RunState.PAUSED) {
                return; // asked for twice
            }
            TransitionGuards.requirePausable(c.row);
            RunTable.move(
                    c.tx,
                    c.row,
                    RunState.PAUSED,
                    Map.of(RUN.RESUME_STATE, c.row.getState()),
                    actor,
                    "run.paused",
                    Map.of("state", c.row.getState()));
            c.desiredState.want(id, Wanted.PAUSED);
        });
    }

    @Override
    public RunStatus resume(UUID id, Actor actor) {
        return change(id, c -> {
            RunState state = RunState.of(c.row.getState());
            if (state.isLive() && state != RunState.PAUSED) {
                return; // it goes on already
            }
            if (!state.isLive()) {
                agreement.require(c.tx, c.row.getJob());
            }
            TransitionGuards.requireResumable(c.row);
            resume(c.tx, c.row, actor);
            c.desiredState.want(id, Wanted.RUNNING);
        });
    }

    private static Problem live(RunRecord row) {
        return new Problem(
                Problem.Kind.CONFLICT,
                "live-run-exists",
                "Run " + row.getId() + " cannot go on: job " + row.getJob()
                        + " has another live run, and at most one may live. Wait for it, or cancel it.");
    }

    /**
     * Moves a locked run on that is paused, failed, cancelled or incomplete; its mandate is the caller's to change. An
     * incomplete one is verified again, after what was wrong has been fixed by hand.
     */
    static void resume(DSLContext tx, RunRecord row, Actor actor) {
        RunState from = RunState.of(row.getState());
        String back = row.getResumeState();
        RunState to = switch (from) {
            case PAUSED -> back == null ? RunState.QUEUED : RunState.of(back);
            case INCOMPLETE -> RunState.VERIFYING;
            case QUEUED, RUNNING, VERIFYING, SWEEPING, SUCCEEDED, FAILED, CANCELLED -> RunState.QUEUED;
        };
        Map<Field<?>, Object> more = new LinkedHashMap<>();
        if (from == RunState.PAUSED) {
            more.put(RUN.RESUME_STATE, DSL.castNull(RUN.RESUME_STATE));
        } else if (from == RunState.INCOMPLETE) {
            more.put(RUN.RESUME_STATE, RunState.VERIFYING.code());
            more.put(RUN.SWEEPS, 0);
        }
        more.put(RUN.FAILURE, DSL.castNull(RUN.FAILURE));
        more.put(RUN.FINISHED_AT, DSL.castNull(RUN.FINISHED_AT));
        RunTable.move(tx, row, to, more, actor, "run.resumed", Map.of("from", row.getState()));
        LaneTable.wanted(tx, row.getId());
        RunTable.renew(tx, row);
    }

    @Override
    public RunStatus cancel(UUID id, Actor actor) {
        return change(id, c -> {
            if (RunState.of(c.row.getState()) == RunState.CANCELLED) {
                return; // asked for twice
            }
            TransitionGuards.requireCancellable(c.row);
            Map<Field<?>, Object> more = new LinkedHashMap<>();
            more.put(RUN.FINISHED_AT, RunTable.CLOCK);
            RunTable.move(
                    c.tx, c.row, RunState.CANCELLED, more, actor, "run.cancelled", Map.of("from", c.row.getState()));
            c.desiredState.want(id, Wanted.STOPPED);
        });
    }

    @Override
    public RunStatus tune(UUID id, SettingsChange change, Actor actor) {
        change.check();
        return change(id, c -> {
            if (!RunState.of(c.row.getState()).isLive()) {
                throw new Problem(
                        Problem.Kind.CONFLICT,
                        "run-over",
                        "Run " + id + " is " + c.row.getState() + "; only a live run can be tuned. Change the job file"
                                + " for the next run.");
            }
            Tuning before = c.desiredState
                    .read(id)
                    .map(DesiredState.Mandate::tuning)
                    .orElseThrow(() -> new Problem(
                            Problem.Kind.CONFLICT,
                            "run-not-begun",
                            "Run " + id + " is still queued and has no settings to tune yet. Try again when it runs."));
            new EventLog(c.tx).append(actor, "run.tuned", c.row.getJob(), id, change.detail());
            c.desiredState.tune(id, change.of(before));
        });
    }

    /** A locked run with its mandate, inside a transaction of the control database. */
    private record Change(DSLContext tx, RunRecord row, DesiredState desiredState) {}

    private RunStatus change(UUID id, Consumer<Change> change) {
        RunRecord before = reading(() -> table.get(id)); // unknown ids are told before anything is locked
        requireAnswer(databases.get(before.getDatabase()), id);
        inTransaction(tx -> {
            RunRecord row = RunTable.lock(tx, id);
            Database target = databases.get(row.getDatabase());
            try {
                change.accept(new Change(tx, row, new DesiredState(target)));
            } catch (DataAccessException e) {
                if (SqlFailure.in(e).filter(f -> f.sqlState().equals("23505")).isPresent()) {
                    throw live(row);
                }
                throw target.unavailable(e);
            }
        });
        return reading(() -> view.of(table.get(id)));
    }

    /** A target that is away is found out before the run's row is locked: its heartbeats would wait for as long. */
    private static void requireAnswer(Database target, UUID id) {
        target.requireReleased();
        try {
            new DesiredState(target).read(id);
        } catch (DataAccessException e) {
            throw target.unavailable(e);
        }
    }

    private void inTransaction(Consumer<DSLContext> work) {
        try {
            databases.aroundTargets().sql().transaction(tx -> {
                RunTable.mayBeIdle(tx.dsl());
                work.accept(tx.dsl());
            });
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    private <T> T reading(Supplier<T> query) {
        try {
            return query.get();
        } catch (DataAccessException e) {
            throw databases.control().unavailable(e);
        }
    }

    /** The definition a run was started with. */
    public static Job definition(RunRecord row) {
        return JobReader.fromDefinition(row.getDefinition());
    }
}
