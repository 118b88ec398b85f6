package dev.sluice.run;

import static dev.sluice.database.schema.Tables.EVENT;
import static dev.sluice.database.schema.Tables.LANE;
import static dev.sluice.database.schema.Tables.RUN;

import dev.sluice.checkpoint.DesiredState;
import dev.sluice.database.Database;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.event.Actor;
import dev.sluice.event.EventLog;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * The runs in the control database. Every change of a state is guarded by the state it expects, and checks its count.
 */
public final class RunTable {
    public static final Field<OffsetDateTime> CLOCK = DSL.field("clock_timestamp()", SQLDataType.TIMESTAMPWITHTIMEZONE);
    private static final String SUCCEEDED = RunState.SUCCEEDED.code();
    /** A carrier that was heard of since then is at work; three times the longest heartbeat that makes sense. */
    private static final Duration CARRIED = Duration.ofSeconds(30);

    /** The newest run of each of the jobs in {@code known}, by the index {@code run_job_newest}. */
    private static final String NEWEST_OF_KNOWN = """
            SELECT %s FROM known CROSS JOIN LATERAL (
              SELECT * FROM sluice.run r WHERE r.job = known.job ORDER BY r.created_at DESC, r.id LIMIT 1
            ) newest ORDER BY newest.job""".formatted(
            Arrays.stream(RUN.fields()).map(f -> "newest." + f.getName()).collect(Collectors.joining(", ")));

    /**
     * The newest run of each job: from one job's name to the next, and for each to its newest run, all by that index.
     * It reads a few index entries a job, however many runs there have been.
     */
    static final String NEWEST = """
            WITH RECURSIVE known (job) AS (
              (SELECT job FROM sluice.run ORDER BY job LIMIT 1)
              UNION ALL
              SELECT (SELECT r.job FROM sluice.run r WHERE r.job > known.job ORDER BY r.job LIMIT 1)
                FROM known WHERE known.job IS NOT NULL
            )
            """ + NEWEST_OF_KNOWN;

    private static final String NEWEST_AMONG = "WITH known (job) AS (SELECT unnest({0}))\n" + NEWEST_OF_KNOWN;

    private final DSLContext sql;

    public RunTable(Database control) {
        this.sql = control.sql();
    }

    public DSLContext sql() {
        return sql;
    }

    public Optional<RunRecord> find(UUID id) {
        return sql.selectFrom(RUN).where(RUN.ID.eq(id)).fetchOptional();
    }

    /** @throws Problem NOT_FOUND */
    public RunRecord get(UUID id) {
        return find(id).orElseThrow(() -> unknown(id));
    }

    /** For a transaction that is idle here while a change waits in the target for the batches in flight. */
    public static void mayBeIdle(DSLContext tx) {
        tx.execute("SET LOCAL idle_in_transaction_session_timeout = "
                + DesiredState.PATIENCE.plusSeconds(10).toMillis());
    }

    /** Reads and locks a run until the end of the transaction. */
    public static RunRecord lock(DSLContext tx, UUID id) {
        return tx.selectFrom(RUN)
                .where(RUN.ID.eq(id))
                .forUpdate()
                .fetchOptional()
                .orElseThrow(() -> unknown(id));
    }

    private static Problem unknown(UUID id) {
        return new Problem(
                Problem.Kind.NOT_FOUND, "unknown-run", "There is no run " + id + ". `sluice status` lists them.");
    }

    List<RunRecord> list(Optional<String> job, int limit) {
        return sql.selectFrom(RUN)
                .where(job.map(RUN.JOB::eq).orElse(DSL.noCondition()))
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID)
                .limit(limit)
                .fetch();
    }

    Optional<RunRecord> latest(DSLContext tx, String job) {
        return tx.selectFrom(RUN)
                .where(RUN.JOB.eq(job))
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID)
                .limit(1)
                .fetchOptional();
    }

    /** The newest run of this very definition. */
    Optional<RunRecord> latest(DSLContext tx, String job, String fingerprint) {
        return tx.selectFrom(RUN)
                .where(RUN.JOB.eq(job), RUN.FINGERPRINT.eq(fingerprint))
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID)
                .limit(1)
                .fetchOptional();
    }

    /** Every run of the job that began, newest first. */
    List<RunRecord> begun(DSLContext tx, String job) {
        return tx.selectFrom(RUN)
                .where(RUN.JOB.eq(job), RUN.STARTED_AT.isNotNull())
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID)
                .fetch();
    }

    /** Runs of this very definition that began, from the newest that started without {@code again} on, newest first. */
    List<RunRecord> begunSinceHarmless(DSLContext tx, String job, String fingerprint) {
        var begun = DSL.and(RUN.JOB.eq(job), RUN.FINGERPRINT.eq(fingerprint), RUN.STARTED_AT.isNotNull());
        var harmless = DSL.select(DSL.max(RUN.CREATED_AT)).from(RUN).where(begun, RUN.AGAIN.isFalse());
        return tx.selectFrom(RUN)
                .where(begun)
                .and(RUN.CREATED_AT.ge(DSL.coalesce(DSL.field(harmless), RUN.CREATED_AT)))
                .orderBy(RUN.CREATED_AT.desc(), RUN.ID)
                .fetch();
    }

    /** The names of the databases that live runs are on. */
    List<String> databasesOfLive() {
        return sql.selectDistinct(RUN.DATABASE)
                .from(RUN)
                .where(RUN.STATE.in(Arrays.stream(RunState.values())
                        .filter(RunState::isLive)
                        .map(RunState::code)
                        .toList()))
                .orderBy(RUN.DATABASE)
                .fetch(RUN.DATABASE);
    }

    /** The newest run of each job, by name. */
    List<RunRecord> latest() {
        return sql.resultQuery(NEWEST).coerce(RUN).fetch();
    }

    /** The newest run of each of these jobs that has one, by name. */
    List<RunRecord> latest(Collection<String> jobs) {
        return sql.resultQuery(NEWEST_AMONG, DSL.val(jobs.toArray(String[]::new)))
                .coerce(RUN)
                .fetch();
    }

    /**
     * Moves a run from the state it was read in to another, with its event, in the given transaction.
     *
     * @param row as read, locked or not
     * @param more other columns that change with it
     * @throws Problem CONFLICT {@code illegal-move} when the state does not allow it, {@code run-moved} when it is not
     *     in that state any more
     */
    public static void move(
            DSLContext tx,
            RunRecord row,
            RunState to,
            Map<Field<?>, ?> more,
            Actor actor,
            String action,
            Map<String, Object> detail) {
        RunState from = RunState.of(row.getState());
        if (!from.next().contains(to)) {
            throw new Problem(
                    Problem.Kind.CONFLICT,
                    "illegal-move",
                    "Run " + row.getId() + " of " + row.getJob() + " is " + from.code() + " and cannot become "
                            + to.code()
                            + ". From " + from.code() + " it may become: "
                            + (from.next().isEmpty() ? "nothing else" : names(from)) + ".",
                    Map.of("run", row.getId().toString(), "state", from.code()));
        }
        int rows = tx.update(RUN)
                .set(RUN.STATE, to.code())
                .set(more)
                .where(RUN.ID.eq(row.getId()), RUN.STATE.eq(from.code()), RUN.PASS.eq(row.getPass()))
                .execute();
        if (rows != 1) {
            throw new Problem(
                    Problem.Kind.CONFLICT,
                    "run-moved",
                    "Run " + row.getId() + " is not " + from.code() + " any more (updated " + rows
                            + " rows, expected 1). Look at it again, then decide.");
        }
        new EventLog(tx).append(actor, action, row.getJob(), row.getId(), detail);
    }

    /**
     * A run that is resumed after another one was asked for is the job's newest again, and its gate's. When it was
     * asked for itself is kept apart: {@link #requestedAt}.
     */
    static void renew(DSLContext tx, RunRecord row) {
        tx.update(RUN)
                .set(RUN.CREATED_AT, CLOCK)
                .set(RUN.REQUESTED_AT, DSL.coalesce(RUN.REQUESTED_AT, RUN.CREATED_AT))
                .where(RUN.ID.eq(row.getId()))
                .andExists(DSL.selectOne()
                        .from(RUN.as("newer"))
                        .where(
                                RUN.as("newer").JOB.eq(row.getJob()),
                                RUN.as("newer").CREATED_AT.gt(row.getCreatedAt())))
                .execute();
    }

    /** When the run was first asked for, however often it was resumed. */
    static OffsetDateTime requestedAt(RunRecord row) {
        return row.getRequestedAt() == null ? row.getCreatedAt() : row.getRequestedAt();
    }

    /** Whether the run has been incomplete before, so that a person has sent it on since. */
    public boolean wasIncomplete(UUID id) {
        return sql.fetchExists(EVENT, EVENT.RUN_ID.eq(id), EVENT.ACTION.eq("run.incomplete"));
    }

    /** When each of these runs came into the state it is waiting in: its last event of that sort. */
    Map<UUID, OffsetDateTime> waitingSince(Collection<UUID> runs) {
        return sql.select(EVENT.RUN_ID, DSL.max(EVENT.AT))
                .from(EVENT)
                .where(EVENT.RUN_ID.eq(DSL.any(runs.toArray(UUID[]::new))))
                .and(EVENT.ACTION.in("run.queued", "run.paused", "run.resumed"))
                .groupBy(EVENT.RUN_ID)
                .fetchMap(EVENT.RUN_ID, DSL.max(EVENT.AT));
    }

    private static String names(RunState from) {
        return String.join(", ", from.next().stream().map(RunState::code).toList());
    }

    /**
     * Newest runs of their jobs that succeeded, were last verified longer ago than this, and that nobody is looking at
     * now.
     */
    List<RunRecord> stale(Duration age) {
        return latest().stream()
                .filter(r -> r.getState().equals(SUCCEEDED))
                .filter(r -> sql.fetchExists(
                        DSL.selectOne().from(RUN).where(RUN.ID.eq(r.getId()), RUN.VERIFIED_AT.lt(ago(age)))))
                .filter(r -> !sql.fetchExists(
                        LANE, LANE.RUN_ID.eq(r.getId()), LANE.OWNER.isNotNull(), LANE.HEARTBEAT_AT.gt(ago(CARRIED))))
                .toList();
    }

    /** So long before now, by the control database's clock. */
    public static Field<OffsetDateTime> ago(Duration length) {
        return DSL.field(
                "clock_timestamp() - {0} * interval '1 millisecond'",
                SQLDataType.TIMESTAMPWITHTIMEZONE, DSL.val(length.toMillis()));
    }
}
