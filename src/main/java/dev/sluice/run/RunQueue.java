package dev.sluice.run;

import static dev.sluice.database.schema.Tables.IDEMPOTENCY_KEY;
import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.DesiredState;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.SqlFailure;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.event.EventLog;
import dev.sluice.fleet.Agreement;
import dev.sluice.job.Job;
import dev.sluice.problem.Problem;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;

/** {@link Queue} in the control database. That at most one run per job is live is a constraint there. */
public final class RunQueue implements Queue {
    private static final Duration KEYS_KEPT = Duration.ofDays(30);

    private final Databases databases;
    private final RunTable table;
    private final StatusView view;
    private final Agreement agreement;

    /** For a worker that is alone. */
    public RunQueue(Databases databases) {
        this(databases, Agreement.ALONE);
    }

    /** @param agreement without which no run starts */
    public RunQueue(Databases databases, Agreement agreement) {
        this.databases = databases;
        this.agreement = agreement;
        this.table = new RunTable(databases.control());
        this.view = new StatusView(databases, LiveLimits.NONE);
    }

    private record Place(UUID run, boolean created, boolean resumed) {}

    @Override
    public QueueResult queue(Job job, Actor actor, String trigger, Optional<String> idempotencyKey) {
        databases.get(job.database());
        try {
            Place place = databases
                    .aroundTargets()
                    .sql()
                    .transactionResult(tx -> place(tx.dsl(), job, actor, trigger, idempotencyKey));
            return new QueueResult(view.of(table.get(place.run)), place.created, place.resumed);
        } catch (DataAccessException e) {
            if (SqlFailure.in(e).filter(f -> f.sqlState().equals("23505")).isPresent()) {
                // another request was faster: its run, or its key, is there now
                return idempotencyKey
                        .flatMap(key -> repeated(table.sql(), key, job))
                        .map(p -> new QueueResult(view.of(table.get(p.run)), false, false))
                        .orElseThrow(() ->
                                live(job, table.latest(table.sql(), job.name()).map(RunRecord::getId)));
            }
            throw databases.control().unavailable(e);
        }
    }

    private Place place(DSLContext tx, Job job, Actor actor, String trigger, Optional<String> key) {
        key.ifPresent(k -> forget(tx));
        Optional<Place> earlier = key.flatMap(k -> repeated(tx, k, job));
        if (earlier.isPresent()) {
            return earlier.get();
        }
        Optional<RunRecord> latest = table.latest(tx, job.name()).map(r -> RunTable.lock(tx, r.getId()));
        // a request with the same key may have been faster between the first look and the lock
        Optional<Place> meanwhile = key.flatMap(k -> repeated(tx, k, job));
        if (meanwhile.isPresent()) {
            return meanwhile.get();
        }
        Place place =
                latest.map(r -> after(tx, r, job, actor, trigger)).orElseGet(() -> first(tx, job, actor, trigger));
        key.ifPresent(k -> tx.insertInto(IDEMPOTENCY_KEY)
                .set(IDEMPOTENCY_KEY.KEY, k)
                .set(IDEMPOTENCY_KEY.REQUEST, job.name())
                .set(IDEMPOTENCY_KEY.RUN_ID, place.run)
                .set(IDEMPOTENCY_KEY.CREATED_AT, RunTable.CLOCK)
                .execute());
        return place;
    }

    private Place first(DSLContext tx, Job job, Actor actor, String trigger) {
        agreement.require(tx, job.name());
        return insert(tx, job, actor, trigger);
    }

    private Place after(DSLContext tx, RunRecord latest, Job job, Actor actor, String trigger) {
        boolean same = latest.getFingerprint().equals(job.fingerprint());
        return switch (RunState.of(latest.getState())) {
            case QUEUED, RUNNING, PAUSED, VERIFYING, SWEEPING -> throw live(job, Optional.of(latest.getId()));
            case FAILED, CANCELLED, SUCCEEDED, INCOMPLETE -> {
                agreement.require(tx, job.name());
                if (same && RunState.of(latest.getState()).next().contains(RunState.QUEUED)) {
                    yield resume(tx, latest, job, actor);
                }
                if (!job.migrate().again()) {
                    // runs of this very definition first: what can be resumed is the better advice
                    earlier(tx, job).stream()
                            .sorted(Comparator.comparing(
                                    r -> !r.getFingerprint().equals(job.fingerprint())))
                            .forEach(r -> requireHarmless(r, job));
                }
                yield insert(tx, job, actor, trigger);
            }
        };
    }

    /**
     * Runs that a new one might repeat. Of a job that is repeatable by its definition these are the newest one that was
     * held against those before it, and what {@code again} let through since: a scheduled job has thousands of runs,
     * and each costs a question to the target.
     */
    private List<RunRecord> earlier(DSLContext tx, Job job) {
        return Repeatable.byDefinition(job)
                ? table.begunSinceHarmless(tx, job.name(), job.fingerprint())
                : table.begun(tx, job.name());
    }

    /**
     * A new run changes rows once more that an earlier one has changed: it has to be harmless. With another definition
     * only a job that needs no {@code where} can do harm: a fixed expression, say, would begin at the first row again.
     */
    private void requireHarmless(RunRecord earlier, Job job) {
        boolean same = earlier.getFingerprint().equals(job.fingerprint());
        if (!same && Repeatable.byDefinition(job)) {
            return;
        }
        Counts changes = changes(earlier);
        Evidence evidence = JsonColumn.read(earlier.getEvidence(), Evidence.class);
        boolean harmless = same
                ? Repeatable.after(evidence, changes, changes.matching() > 0 && idempotent(job), job)
                : changes.changed() == 0;
        if (harmless) {
            return;
        }
        RunState state = RunState.of(earlier.getState());
        boolean resumable = same && (state.next().contains(RunState.QUEUED) || state == RunState.INCOMPLETE);
        throw new Problem(
                Problem.Kind.CONFLICT,
                "not-repeatable",
                "Job " + job.name() + " has run" + (same ? "" : " with another definition") + " (" + earlier.getState()
                        + ", run " + earlier.getId() + ", " + changes.changed()
                        + " rows changed) and is not repeatable: a new run would change the same rows again. "
                        + (resumable
                                ? "Go on with that one: `sluice resume " + earlier.getId() + "`. Otherwise add"
                                : "Add")
                        + " a `where` that no longer matches changed rows, or `again: true` if that is what you want.",
                Map.of("run", earlier.getId().toString()));
    }

    private Counts changes(RunRecord run) {
        Database target = databases.get(run.getDatabase());
        try {
            return new Checkpoints(target).changes(run.getId());
        } catch (DataAccessException e) {
            throw target.unavailable(e);
        }
    }

    private boolean idempotent(Job job) {
        try {
            return ResolvedJob.of(databases, job).verification().idempotent();
        } catch (SQLException | DataAccessException | Problem e) {
            return false; // not known to be
        }
    }

    private Place resume(DSLContext tx, RunRecord latest, Job job, Actor actor) {
        RunTable.mayBeIdle(tx);
        StoredRuns.resume(tx, latest, actor);
        // settings such as the batch size may have changed; what the fingerprint covers has not
        tx.update(RUN)
                .set(RUN.DEFINITION, job.definition())
                .where(RUN.ID.eq(latest.getId()))
                .execute();
        Database target = databases.get(latest.getDatabase());
        try {
            DesiredState desiredState = new DesiredState(target);
            desiredState.tune(latest.getId(), StatusView.firstTuning(job));
            desiredState.want(latest.getId(), Wanted.RUNNING);
        } catch (DataAccessException e) {
            throw target.unavailable(e);
        }
        return new Place(latest.getId(), true, true);
    }

    private static Place insert(DSLContext tx, Job job, Actor actor, String trigger) {
        UUID id = UUID.randomUUID();
        tx.insertInto(RUN)
                .set(RUN.ID, id)
                .set(RUN.JOB, job.name())
                .set(RUN.DATABASE, job.database())
                .set(RUN.FINGERPRINT, job.fingerprint())
                .set(RUN.DEFINITION, job.definition())
                .set(RUN.STATE, RunState.QUEUED.code())
                .set(RUN.PASS, 0)
                .set(RUN.SWEEPS, 0)
                .set(RUN.AGAIN, job.migrate().again())
                .set(RUN.REQUESTED_BY, actor.name())
                .set(RUN.TRIGGER, trigger)
                .set(RUN.CREATED_AT, RunTable.CLOCK)
                .execute();
        LaneTable.create(tx, id);
        new EventLog(tx)
                .append(
                        actor,
                        "run.queued",
                        job.name(),
                        id,
                        Map.of("trigger", trigger, "fingerprint", job.fingerprint()));
        return new Place(id, true, false);
    }

    /** Nobody repeats a request after so long; kept for ever the keys would only grow. */
    static void forget(DSLContext tx) {
        tx.deleteFrom(IDEMPOTENCY_KEY)
                .where(IDEMPOTENCY_KEY.CREATED_AT.lt(RunTable.ago(KEYS_KEPT)))
                .execute();
    }

    private static Optional<Place> repeated(DSLContext tx, String key, Job job) {
        return tx.selectFrom(IDEMPOTENCY_KEY)
                .where(IDEMPOTENCY_KEY.KEY.eq(key))
                .fetchOptional()
                .map(r -> {
                    if (!r.getRequest().equals(job.name())) {
                        throw new Problem(
                                Problem.Kind.CONFLICT,
                                "idempotency-key-reused",
                                "This Idempotency-Key was used to start job " + r.getRequest()
                                        + ". Use a fresh one for job " + job.name() + ".");
                    }
                    return new Place(r.getRunId(), false, false);
                });
    }

    private static Problem live(Job job, Optional<UUID> run) {
        return new Problem(
                Problem.Kind.CONFLICT,
                "live-run-exists",
                "Job " + job.name() + " has a live run"
                        + run.map(id -> ", " + id).orElse("")
                        + "; at most one may live. Wait for it, resume it if it is paused, or cancel it.",
                run.<Map<String, Object>>map(id -> Map.of("run", id.toString())).orElse(Map.of()));
    }
}
