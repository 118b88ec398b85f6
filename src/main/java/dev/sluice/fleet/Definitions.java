package dev.sluice.fleet;

import static dev.sluice.database.schema.Tables.DEFINITION;
import static dev.sluice.database.schema.Tables.WORKER;

import dev.sluice.database.Database;
import dev.sluice.job.Job;
import dev.sluice.job.JobReader;
import dev.sluice.job.Jobs;
import dev.sluice.problem.Problem;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * What the live workers' folders define: {@code sluice.definition}. Of this worker its folder counts, as last read, and
 * not what it has published of it.
 */
public final class Definitions implements Agreement {
    private static final Field<OffsetDateTime> CLOCK =
            DSL.field("clock_timestamp()", SQLDataType.TIMESTAMPWITHTIMEZONE);
    /** One worker at a time brings the schedules in step; "sluice" and a number of its own. */
    private static final long IN_STEP_LOCK = 0x736c_7569_6365_0001L;

    private final Database control;
    private final Member me;
    private final Jobs folder;

    /**
     * @param control where the table is, migrated
     * @param me this worker
     * @param folder what it holds
     */
    public Definitions(Database control, Member me, Jobs folder) {
        this.control = control;
        this.me = me;
        this.folder = folder;
    }

    /**
     * Writes down what this worker holds now. Rows that say so already keep when they were seen first.
     *
     * @throws Problem UNAVAILABLE when the control database does not store it
     */
    public void publish() {
        List<Job> jobs = folder.good();
        try {
            control.sql().transaction(c -> {
                DSLContext tx = c.dsl();
                tx.deleteFrom(DEFINITION)
                        .where(DEFINITION.INSTANCE.eq(me.instance()))
                        .and(DEFINITION.JOB.notIn(jobs.stream().map(Job::name).toList()))
                        .execute();
                jobs.forEach(job -> tx.insertInto(DEFINITION)
                        .set(DEFINITION.INSTANCE, me.instance())
                        .set(DEFINITION.JOB, job.name())
                        .set(DEFINITION.FINGERPRINT, job.fingerprint())
                        .set(DEFINITION.DEFINITION_, job.definition())
                        .set(DEFINITION.SEEN_AT, CLOCK)
                        .onConflict(DEFINITION.INSTANCE, DEFINITION.JOB)
                        .doUpdate()
                        .set(DEFINITION.FINGERPRINT, job.fingerprint())
                        .set(DEFINITION.DEFINITION_, job.definition())
                        .set(DEFINITION.SEEN_AT, CLOCK)
                        .where(DEFINITION.DEFINITION_.ne(job.definition()))
                        .execute());
            });
        } catch (DataAccessException e) {
            throw control.unavailable(e);
        }
    }

    @Override
    public Optional<Difference> difference(DSLContext sql, String job) {
        return Optional.ofNullable(differences(sql, List.of(job)).get(job));
    }

    @Override
    public Map<String, Difference> differences(DSLContext sql, Collection<String> jobs) {
        Map<String, List<Holding>> others = others(sql, jobs);
        Map<String, Difference> differences = new HashMap<>();
        for (String job : jobs) {
            List<Holding> holdings = new ArrayList<>(others.getOrDefault(job, List.of()));
            folder.find(job)
                    .ifPresent(mine -> holdings.add(new Holding(
                            me.instance(), me.name(), me.version(), job, mine.fingerprint(), mine.definition())));
            Difference.among(job, holdings, me.takeover()).ifPresent(d -> differences.put(job, d));
        }
        return differences;
    }

    /**
     * The job as other live workers hold it: the newest file that this version can read.
     *
     * @throws Problem UNAVAILABLE when the control database does not answer; UNPROCESSABLE
     *     {@code unreadable-definition} when others hold it in a form this version cannot read
     */
    public Optional<Job> elsewhere(String job) {
        return elsewhere(List.of(job)).apply(job);
    }

    /**
     * These jobs as other live workers hold them, read at once.
     *
     * @return gives each of them, or throws UNPROCESSABLE {@code unreadable-definition} as {@link #elsewhere(String)}
     *     does
     * @throws Problem UNAVAILABLE when the control database does not answer
     */
    Function<String, Optional<Job>> elsewhere(Collection<String> jobs) {
        try {
            Map<String, List<Holding>> others = others(control.sql(), jobs);
            return job -> newest(job, others.getOrDefault(job, List.of()));
        } catch (DataAccessException e) {
            throw control.unavailable(e);
        }
    }

    private Optional<Job> newest(String job, List<Holding> holdings) {
        Optional<Job> read = holdings.stream()
                .map(Definitions::read)
                .flatMap(Optional::stream)
                .findFirst();
        if (read.isEmpty() && !holdings.isEmpty()) {
            Holding newest = holdings.getFirst();
            throw new Problem(
                    Problem.Kind.UNPROCESSABLE,
                    "unreadable-definition",
                    "Job " + job + " has no file on worker " + me.name() + ", and version " + me.version()
                            + " cannot read what worker " + newest.worker() + " of version " + newest.version()
                            + " holds. Ask that worker, or bring this one to its version.");
        }
        return read;
    }

    /**
     * Every job that a live worker holds, for the schedules: the newest file of each, because a schedule is not part of
     * the fingerprint and may differ without hurting a row.
     *
     * @param state names what was read: as long as it stays the same, there is nothing new
     * @param jobs one each
     * @param unreadable names of jobs that are held in forms this version cannot read
     */
    public record Held(String state, List<Job> jobs, Set<String> unreadable) {
        public Held {
            jobs = List.copyOf(jobs);
            unreadable = Set.copyOf(unreadable);
        }
    }

    /**
     * Hands on what is held, if that is not what it was, while no other worker does the same: who acts on an older view
     * would undo what a newer one led to. Skipped where another worker is at it, or this one does not live by the
     * database's clock; ask again.
     *
     * @param before the state that was acted on last
     * @throws Problem UNAVAILABLE when the control database does not answer
     */
    public void whenChanged(String before, Consumer<Held> act) {
        try {
            if (state(control.sql()).equals(before)) {
                return;
            }
            control.sql().transaction(c -> {
                DSLContext tx = c.dsl();
                boolean alone = Boolean.TRUE.equals(
                        tx.fetchValue("SELECT pg_try_advisory_xact_lock({0})", DSL.val(IN_STEP_LOCK)));
                boolean alive =
                        tx.fetchExists(DSL.selectOne().from(WORKER).where(WORKER.INSTANCE.eq(me.instance()), isLive()));
                if (alone && alive) {
                    // the state first: what comes between the two reads is then seen as new the next time
                    String state = state(tx);
                    act.accept(held(state, live(tx)));
                }
            });
        } catch (DataAccessException e) {
            throw control.unavailable(e);
        }
    }

    private static Held held(String state, List<Holding> holdings) {
        List<Job> jobs = new ArrayList<>();
        Set<String> read = new HashSet<>();
        Set<String> unreadable = new HashSet<>();
        for (Holding holding : holdings) {
            if (!read.contains(holding.job())) {
                read(holding)
                        .ifPresentOrElse(
                                job -> {
                                    jobs.add(job);
                                    read.add(holding.job());
                                },
                                () -> unreadable.add(holding.job()));
            }
        }
        unreadable.removeAll(read);
        return new Held(state, jobs, unreadable);
    }

    private static Optional<Job> read(Holding holding) {
        try {
            return Optional.of(JobReader.fromDefinition(holding.definition()))
                    .filter(j -> j.name().equals(holding.job()));
        } catch (Problem e) {
            return Optional.empty();
        }
    }

    private String state(DSLContext sql) {
        Field<String> all = DSL.field(
                "md5(coalesce(string_agg(concat_ws(' ', {0}, {1}, {2}), ',' ORDER BY {0}, {1}), ''))",
                SQLDataType.VARCHAR, DEFINITION.INSTANCE, DEFINITION.JOB, DEFINITION.SEEN_AT);
        return sql.select(all)
                .from(DEFINITION)
                .join(WORKER)
                .on(WORKER.INSTANCE.eq(DEFINITION.INSTANCE))
                .where(isLive())
                .fetchSingle()
                .value1();
    }

    /** What other workers hold of these jobs, of each the newest first. */
    private Map<String, List<Holding>> others(DSLContext sql, Collection<String> jobs) {
        return jobs.isEmpty()
                ? Map.of()
                : live(
                                sql,
                                DEFINITION.JOB.eq(DSL.any(jobs.toArray(String[]::new))),
                                DEFINITION.INSTANCE.ne(me.instance()))
                        .stream()
                        .collect(Collectors.groupingBy(Holding::job));
    }

    /** Newest first. */
    private List<Holding> live(DSLContext sql, Condition... which) {
        return sql.select(
                        DEFINITION.INSTANCE,
                        WORKER.NAME,
                        WORKER.VERSION,
                        DEFINITION.JOB,
                        DEFINITION.FINGERPRINT,
                        DEFINITION.DEFINITION_)
                .from(DEFINITION)
                .join(WORKER)
                .on(WORKER.INSTANCE.eq(DEFINITION.INSTANCE))
                .where(which)
                .and(isLive())
                .orderBy(DEFINITION.SEEN_AT.desc(), DEFINITION.INSTANCE)
                .fetch(r -> new Holding(r.value1(), r.value2(), r.value3(), r.value4(), r.value5(), r.value6()));
    }

    private Condition isLive() {
        return Membership.isLive(me.takeover());
    }
}
