package dev.sluice.plan;

import dev.sluice.batch.RowWork;
import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Job;
import dev.sluice.job.Shape;
import dev.sluice.plan.PlanReport.Statement;
import dev.sluice.problem.Problem;
import dev.sluice.table.HazardInspection;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import dev.sluice.table.TableHazards;
import dev.sluice.table.TableInspection;
import dev.sluice.throttle.PostgresSignals;
import dev.sluice.time.Time;
import dev.sluice.verify.Verification;
import dev.sluice.verify.VerificationChoice;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;

/** One look at a job: table, surroundings, definition, statements; what it finds and what it learns on the way. */
final class Examination {
    private static final String INTO = "migrate.insert.into";

    /** Milliseconds of the session's lock_timeout and the server's deadlock_timeout. */
    private static final String TIMEOUTS =
            "SELECT (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'lock_timeout') AS lock,"
                    + " (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'deadlock_timeout') AS deadlock";

    private final Database database;
    private final PlanServer server;
    private final Job job;
    private final double cores;
    private final Time time;
    private final Findings findings = new Findings();
    private Optional<Subject> subject = Optional.empty();
    private Optional<TableFacts> facts = Optional.empty();
    private Optional<Verification> verification = Optional.empty();
    private List<Statement> statements = new ArrayList<>();
    private SignalChecks.Paces paces = SignalChecks.Paces.FULL;

    private Examination(Database database, PlanServer server, Job job, double cores, Time time) {
        this.database = database;
        this.server = server;
        this.job = job;
        this.cores = cores;
        this.time = time;
    }

    /**
     * Looks.
     *
     * @param cores share of the server's cores that batches may keep busy where the job file says nothing
     */
    static Examination of(Database database, PlanServer server, Job job, double cores, Time time) {
        Examination examination = new Examination(database, server, job, cores, time);
        SessionChecks session = new SessionChecks(job, server, examination.findings);
        if (!session.hold()) {
            return examination;
        }
        try {
            examination.facts = Optional.of(TableInspection.inspect(
                    database, job.migrate().table(), job.migrate().key()));
            examination.subject = examination.facts.map(examination::subject);
        } catch (Problem e) {
            examination.refuse(e);
        }
        examination.subject.ifPresent(examination::look);
        session.run(examination.subject, examination.verification);
        return examination;
    }

    private void refuse(Problem e) {
        refuse(e, String.valueOf(e.details().getOrDefault("key", "migrate.table")));
    }

    private void refuse(Problem e, String key) {
        if (e.kind() != Problem.Kind.UNPROCESSABLE) {
            throw e;
        }
        findings.refuse(e, key);
    }

    private Subject subject(TableFacts facts) {
        TableHazards hazards = HazardInspection.inspect(database, facts.name(), "migrate.table");
        return job.migrate()
                .shape()
                .into()
                .map(into -> new Subject(
                        job,
                        facts,
                        hazards,
                        TableInspection.columns(database, into, INTO),
                        Optional.of(HazardInspection.inspect(database, into, INTO))))
                .orElseGet(() -> new Subject(job, facts, hazards, Map.of(), Optional.empty()));
    }

    private void look(Subject s) {
        if (s.facts().keyChosen()) {
            String columns = String.join(
                    ", ",
                    s.facts().key().stream().map(TableFacts.KeyColumn::name).toList());
            findings.info(
                    "key-chosen",
                    "migrate.key",
                    "Table " + s.facts().name()
                            + " has no primary key that will do, and the job names no key: it is walked by its only"
                            + " suitable unique index, \"" + s.facts().keyIndex() + "\", as if it said key: ["
                            + columns + "].");
        }
        new AccessChecks(s, findings).run(database);
        new DefinitionChecks(s, findings, server).run(database);
        new SurroundingChecks(s, findings).run();
        new MovingRows(s, findings, database).run();
        statistics(s.facts());
        timeouts();
        signals(s.facts());
        if (!findings.refused()) {
            verification(s);
        }
        if (!findings.refused()) {
            statements(s);
        }
    }

    private void statistics(TableFacts facts) {
        if (facts.estimatedRows() < 0) {
            findings.warn(
                    "no-statistics",
                    "migrate.table",
                    "Table " + facts.name() + " was never analysed: rows, time and progress cannot be estimated.",
                    "ANALYZE " + facts.name().sql() + ";");
        }
    }

    private void timeouts() {
        Record timeouts = database.sql().fetchSingle(TIMEOUTS);
        long lock = timeouts.get("lock", long.class);
        long deadlock = timeouts.get("deadlock", long.class);
        if (lock == 0 || lock >= deadlock) {
            findings.warn(
                    "lock-timeout",
                    "database",
                    "lock_timeout (" + (lock == 0 ? "off" : lock + " ms") + ") is not below deadlock_timeout ("
                            + deadlock + " ms): in a deadlock with a batch the application may be the victim.",
                    "set databases." + database.name() + ".lock-timeout below " + deadlock + " ms.");
        }
    }

    private void signals(TableFacts facts) {
        var signals =
                new PostgresSignals(time, database.name(), database.settings().cores(), () -> false);
        try {
            paces = new SignalChecks(database.name(), signals, job.migrate().throttle(), cores, findings)
                    .run(server.connection(), facts.oid());
        } catch (SQLException e) {
            throw database.unavailable(e);
        }
        chosen().queries();
    }

    private CustomSignalChecks chosen() {
        return new CustomSignalChecks(database, job.migrate().throttle().chosen(), findings);
    }

    /**
     * Asks the signals of other places, which takes a while where they do not answer, and what was said to the table.
     */
    void otherPlaces() {
        subject.ifPresent(s -> new MovingRows(s, findings, database).statements());
        chosen().otherPlaces();
    }

    private void verification(Subject s) {
        try {
            Verification chosen = VerificationChoice.of(server.rows(), job, s.facts(), s.filled());
            verification = Optional.of(chosen);
            boolean set = job.migrate().shape() instanceof Shape.Set;
            if (set && chosen.readsOtherTables() && job.verify().isEmpty()) {
                findings.refuse(
                        "needs-verify",
                        "switch.verify",
                        "An expression of set reads other tables. A batch sees them as of its snapshot, so a value may be stale the moment it is written.",
                        "say in switch.verify what must hold, and keep the source tables in step (dual write or trigger).");
            }
            findings.info(
                    "verification",
                    "switch.verify",
                    switch (chosen.kind()) {
                        case GIVEN -> "Verified by switch.verify: " + chosen.condition();
                        case EQUALITY ->
                            "Verified by comparing every row (" + chosen.because() + "): " + chosen.condition();
                        case COMPLETENESS ->
                            "Verified for completeness only (" + chosen.because() + "): " + chosen.condition();
                        case RANGES ->
                            "Not verified row by row (" + chosen.because()
                                    + "); the evidence is that each range was committed once.";
                    });
        } catch (SQLException e) {
            SqlFailure failure = server.blamed(e);
            findings.refuse(
                    "sql-refused",
                    "migrate." + s.shapeName(),
                    "The server refuses the verification with " + failure + ".",
                    "correct the expressions, or say switch.verify.");
        }
    }

    private void statements(Subject s) {
        Optional<Leaf> largest = s.facts().leaves().stream().max(Comparator.comparingLong(Leaf::estimatedRows));
        if (largest.isEmpty()) {
            findings.warn(
                    "no-partitions",
                    "migrate.table",
                    "Table " + s.facts().name() + " has no partitions yet, so there is nothing to walk.",
                    "create them first.");
            return;
        }
        RowWork.Look look = look();
        statements =
                new ArrayList<>(new StatementChecks(s, findings, server, database).run(largest.get(), change(s), look));
        if (look != null && !findings.refused()) {
            new VerificationTrial(s, findings, server).run(largest.get(), look.condition());
        }
        VerificationChoice.orphans(job, s.filled()).ifPresent(c -> orphans(s, c));
    }

    /** Orphans are looked for by walking the filled table by the conflict's columns. */
    private void orphans(Subject s, String condition) {
        if (!(job.migrate().shape() instanceof Shape.Insert insert)) {
            return;
        }
        try {
            TableFacts filled = TableInspection.inspect(
                    database, insert.target(), insert.conflict().columns());
            Subject walked = new Subject(job, filled, s.filledHazards().orElseThrow(), Map.of(), Optional.empty());
            RowWork.Look look = new RowWork.Look(condition, Optional.empty());
            filled.leaves().stream()
                    .limit(1)
                    .map(leaf -> new StatementChecks(walked, findings, server, database).run(leaf, look))
                    .forEach(statements::addAll);
        } catch (Problem e) {
            refuse(e, "migrate.insert.conflict.columns");
        }
    }

    /** What the batches of a job do. */
    static RowWork.Change change(Subject s) {
        return new RowWork.Change(s.job().migrate().shape(), s.job().migrate().where());
    }

    /** What the verification does; null where there is nothing to look at. */
    RowWork.@Nullable Look look() {
        String condition = verification.map(Verification::condition).orElse(null);
        return condition == null
                ? null
                : new RowWork.Look(condition, job.migrate().where());
    }

    Check check() {
        return new Check(facts, findings.sorted());
    }

    Findings findings() {
        return findings;
    }

    Database database() {
        return database;
    }

    Optional<Subject> subject() {
        return subject;
    }

    /** What the budget of cores leaves. */
    SignalChecks.Paces paces() {
        return paces;
    }

    Optional<TableFacts> facts() {
        return facts;
    }

    Optional<Verification> verification() {
        return verification;
    }

    List<Statement> statements() {
        return List.copyOf(statements);
    }
}
