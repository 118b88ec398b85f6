package dev.sluice.plan;

import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.database.Database;
import dev.sluice.database.Databases;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.plan.PlanReport.Statement;
import dev.sluice.plan.Trials.Trial;
import dev.sluice.problem.Problem;
import dev.sluice.table.TableFacts;
import dev.sluice.time.Time;
import dev.sluice.verify.Verification;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/** Looks at a job and its database before a run. */
public final class DryRun implements Plans, JobCheck {
    /** The finding that tells that nothing was tried. */
    static final String TRIAL_LEFT_OUT = "trial-left-out";

    private final Databases databases;
    private final double cores;
    private final Time time;

    /**
     * @param databases that jobs may name
     * @param cores share of a server's cores that batches may keep busy where the job file says nothing
     * @param time measures the trial
     */
    public DryRun(Databases databases, double cores, Time time) {
        this.databases = databases;
        this.cores = cores;
        this.time = time;
    }

    @Override
    public List<Finding> check(Job job) {
        return examine(job).findings();
    }

    /**
     * What the catalog and the planner say, without trying anything on rows.
     *
     * @param job what would be run
     * @return the table's facts and the findings; refusals are findings, not exceptions
     * @throws Problem as {@link #plan}
     */
    public Check examine(Job job) {
        return looked(job, (examination, server) -> examination.check());
    }

    /** {@inheritDoc} The trial locks the rows of one batch, 1,000 at most, for ten times the job's target at most. */
    @Override
    public PlanReport plan(Job job, boolean trial) {
        return looked(job, (examination, server) -> {
            examination.otherPlaces();
            Findings findings = examination.findings();
            Optional<Trial> tried = Optional.empty();
            Optional<Subject> subject = examination.subject();
            if (subject.isPresent() && !findings.refused() && trial) {
                Subject s = subject.get();
                tried = new Trials(s, findings, server, examination.database(), time)
                        .run(Examination.change(s), examination.look());
                tried.ifPresent(t -> judge(s, t, findings));
            } else if (!trial) {
                findings.info(
                        TRIAL_LEFT_OUT,
                        "migrate." + Subject.nameOf(job.migrate().shape()),
                        "The trial batch was left out: it locks rows, fires triggers and moves sequences, so it is for"
                                + " operators. Without it there is no estimate of time, no row to show, and nobody has"
                                + " seen what only a change of rows shows. Ask with an operator's token for the rest.");
            }
            return report(job, examination, tried, trial);
        });
    }

    private interface Look<T> {
        T at(Examination examination, PlanServer server) throws SQLException;
    }

    private <T> T looked(Job job, Look<T> look) {
        Database database = databases.get(job.database());
        try {
            Database rows = database.under(job.migrate().settings());
            try (Connection connection = rows.connect()) {
                Database here = rows.on(connection);
                PlanServer server = new PlanServer(here, connection);
                return look.at(Examination.of(here, server, job, cores, time), server);
            }
        } catch (SQLException | DataAccessException e) {
            throw told(database, e);
        }
    }

    /** What passes with time is told as that; what does not must not be waited for. */
    private static Problem told(Database database, Exception e) {
        return SqlFailure.in(e)
                .filter(f ->
                        f.kind() == ErrorKind.DEFINITION || f.kind() == ErrorKind.DATA || f.kind() == ErrorKind.OTHER)
                .map(f -> new Problem(
                        Problem.Kind.UNPROCESSABLE,
                        "not-examined",
                        "The job could not be examined: " + f
                                + ". Fix the job file or the table, or report this if neither" + " is wrong."))
                .orElseGet(() -> database.unavailable(e));
    }

    private static void left(Subject subject, Trial trial, Findings findings) {
        RowsLeft left = trial.left();
        if (left.unchanged() > 0) {
            findings.warn(
                    "rows-unchanged",
                    "migrate." + subject.shapeName(),
                    left.unchanged() + " of " + trial.scanned()
                            + " rows that the trial walked had to change, did not, and are"
                            + " still there: a BEFORE trigger returns NULL for them. "
                            + (subject.job().migrate().where().isEmpty()
                                    ? "A run that meets such a row ends incomplete."
                                    : "They are found by the verification."),
                    "change the trigger, or leave such rows out by where.");
        }
        if (left.collapsed() > 0) {
            findings.warn(
                    "rows-collapsed",
                    "migrate.insert.conflict",
                    left.collapsed() + " of " + trial.scanned()
                            + " source rows of the trial gave no row of their own, as one"
                            + " with that key is there; " + left.sharedKeys()
                            + " of them share it with another source row of the batch, of which the first one stays.",
                    "make sure that those rows may be one, or name conflict columns that tell them apart.");
        }
    }

    private static void judge(Subject subject, Trial trial, Findings findings) {
        left(subject, trial, findings);
        Long violations = trial.violations();
        if (violations != null && violations > 0 && trial.matching() == 0) {
            findings.warn(
                    "trial-violates",
                    "switch.verify",
                    violations + " of " + trial.scanned()
                            + " rows of the trial do not hold the verification after their"
                            + " change, and would leave the run incomplete.",
                    "see what those rows hold and where does not match; say in switch.verify what must hold of them, too.");
        }
        if (trial.matching() == 0) {
            return;
        }
        findings.warn(
                "still-matching",
                "migrate.where",
                trial.matching() + " of " + trial.changed()
                        + " rows that the trial changed still match where after their change:"
                        + " the job is not repeatable, and a verification by where alone would not pass.",
                "write expressions that never give what where looks for (coalesce for NULL), or say switch.verify.");
        if (findings.has(MovingRows.CODE)
                && !findings.refused(MovingRows.KEY)
                && subject.job().verify().isEmpty()) {
            MovingRows.refuse(findings, "Keys may change during the run, and changed rows still match where.");
        }
        subject.job()
                .migrate()
                .schedule()
                .ifPresent(s -> findings.refuse(
                        "schedule-not-repeatable",
                        "migrate.schedule",
                        "Rows still match where after their change, so every scheduled start would change them again.",
                        "correct where or the expressions, or take the schedule away."));
    }

    private static PlanReport report(Job job, Examination examination, Optional<Trial> trial, boolean wanted) {
        Optional<TableFacts> facts = examination.facts();
        Findings findings = examination.findings();
        Optional<Verification> verification = examination.verification();
        long rows = facts.map(TableFacts::estimatedRows).orElse(-1L);
        List<Statement> statements = examination.statements();
        return new PlanReport(
                job.name(),
                job.database(),
                job.migrate().table().toString(),
                Subject.nameOf(job.migrate().shape()),
                facts.map(f -> f.key().stream()
                                .map(k -> k.name() + " " + k.type())
                                .toList())
                        .orElse(List.of()),
                facts.map(TableFacts::keyIndex).orElse(null),
                job.fingerprint(),
                !findings.refused(),
                wanted
                        ? repeatable(job, findings, trial)
                        : job.migrate().where().isEmpty() ? Boolean.FALSE : null,
                verification.map(v -> v.kind().code()).orElse("unknown"),
                verification.map(Verification::condition).orElse(null),
                facts.map(f -> f.leaves().size()).orElse(null),
                rows < 0 ? null : Long.valueOf(rows),
                facts.map(TableFacts::bytes).orElse(null),
                trial.map(t -> seconds(job, rows, t, examination.paces().alone()))
                        .orElse(null),
                trial.map(t -> seconds(job, rows, t, examination.paces().besideOthers()))
                        .orElse(null),
                findings.sorted(),
                new ArrayList<>(statements),
                trial.map(Trial::sample).orElse(List.of()));
    }

    /** Null where it was refused before anybody could see. */
    private static @Nullable Boolean repeatable(Job job, Findings findings, Optional<Trial> trial) {
        if (job.migrate().where().isEmpty()) {
            return false;
        }
        if (trial.isEmpty() && findings.refused()) {
            return null;
        }
        return trial.map(t -> t.matching() == 0).orElse(true);
    }

    /**
     * At the trial's pace, but no faster than the job's limit; null where rows or pace are unknown.
     *
     * @param share of its time that a lane may work
     */
    private static @Nullable Double seconds(Job job, long rows, Trial trial, double share) {
        if (rows < 0 || trial.scanned() == 0 || trial.seconds() <= 0) {
            return null;
        }
        double pace = share * trial.scanned() / trial.seconds();
        double limit = job.migrate()
                .throttle()
                .rowsPerSecond()
                .map(Integer::doubleValue)
                .orElse(Double.MAX_VALUE);
        return rows / Math.min(pace, limit);
    }
}
