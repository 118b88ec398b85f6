package dev.sluice.plan;

import dev.sluice.batch.BatchSql;
import dev.sluice.batch.BatchStatement;
import dev.sluice.batch.RowWork;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Shape;
import dev.sluice.plan.PlanReport.SampleRow;
import dev.sluice.table.TableFacts.Leaf;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs one batch for real, with its checkpoint, in a transaction that is rolled back. Its rows are locked meanwhile,
 * for ten times the batch's target at most; sequences may move.
 */
final class Trials {
    private static final int LEAVES_LOOKED_AT = 20;
    private static final int LARGEST = 1000;

    private final Subject subject;
    private final Findings findings;
    private final PlanServer server;
    private final Database database;
    private final Time time;

    Trials(Subject subject, Findings findings, PlanServer server, Database database, Time time) {
        this.time = time;
        this.subject = subject;
        this.findings = findings;
        this.server = server;
        this.database = database;
    }

    /**
     * What came of it.
     *
     * @param scanned keys walked
     * @param changed rows changed
     * @param matching rows that still matched {@code where}
     * @param violations rows of it that did not hold the verification after the change; null where there is none
     * @param left what it walked and did not do
     * @param seconds it took
     * @param sample up to five rows before and after
     */
    record Trial(
            long scanned,
            long changed,
            long matching,
            @Nullable Long violations,
            RowsLeft left,
            double seconds,
            List<SampleRow> sample) {}

    /** A claim on a checkpoint of this trial alone. */
    static Claim claim(Leaf leaf, @Nullable List<String> cursor, @Nullable List<String> upper) {
        return new Claim(
                new PartitionId(UUID.randomUUID(), 0, 0),
                leaf.name().sql(),
                List.of(), // nobody takes this claim up
                UUID.randomUUID(),
                Position.after(cursor),
                upper,
                new Tuning(1000, LARGEST, null));
    }

    /** Tries it; empty when there is no row, or when it failed, which is then a finding. */
    Optional<Trial> run(RowWork change, RowWork.@Nullable Look look) throws SQLException {
        Connection connection = server.connection();
        connection.setAutoCommit(false);
        try (Statement s = connection.createStatement()) {
            s.execute("SET LOCAL statement_timeout = " + timeoutMillis());
            List<String> before = settings();
            Optional<Trial> trial = tried(change, look);
            List<String> after = settings();
            if (!before.equals(after)) {
                after.removeAll(before);
                findings.refuse(
                        "settings-changed",
                        "migrate." + subject.shapeName(),
                        "The trial batch ended under other settings than it began with: " + String.join(", ", after)
                                + ". An expression of the job, a function that it calls or a trigger sets them.",
                        "say such settings in migrate.settings, or give the function its own (ALTER FUNCTION … SET …),"
                                + " which end with it.");
            }
            return trial;
        } catch (SQLException e) {
            failed(e);
            return Optional.empty();
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
            if (!server.rows().pooled()) {
                unlock(connection);
            }
        }
    }

    /** A session keeps the advisory locks that a job's SQL took. */
    static void unlock(Connection connection) throws SQLException {
        try (Statement s = connection.createStatement()) {
            s.execute("SELECT pg_catalog.pg_advisory_unlock_all()");
        }
    }

    /** What is in force, {@code name = value}. */
    private List<String> settings() throws SQLException {
        var settings = server.rows().transactionSettings(server.connection());
        List<String> values = new ArrayList<>();
        try (Statement s = server.connection().createStatement();
                ResultSet row = s.executeQuery(settings.inForceSql())) {
            row.next();
            for (int i = 0; i < settings.names().size(); i++) {
                values.add(settings.names().get(i) + " = " + row.getString(i + 1));
            }
        }
        return values;
    }

    private long timeoutMillis() {
        long target = subject.job().migrate().batch().target().toMillis();
        long most = database.settings().statementTimeout().toMillis();
        long wanted = Math.max(1000, 10 * target);
        return most > 0 ? Math.min(most, wanted) : wanted;
    }

    private Optional<Trial> tried(RowWork change, RowWork.@Nullable Look look) throws SQLException {
        String condition = subject.job().migrate().shape() instanceof Shape.Sql
                ? "true"
                : subject.job().migrate().where().orElse("true");
        Optional<Start> start = start(condition);
        if (start.isEmpty()) {
            return Optional.empty();
        }
        Leaf leaf = start.get().leaf();
        List<String> cursor = start.get().cursor();
        LeafKeys walk = new LeafKeys(server, subject.facts(), leaf);
        int size = Math.min(LARGEST, subject.job().migrate().batch().size());
        Samples samples = new Samples(subject, walk, server.connection());
        List<List<String>> keys = walk.keys(cursor, walk.after(cursor, size), condition, Samples.ROWS);
        Samples.Rows before = samples.read(keys);
        Claim claim = claim(leaf, cursor, walk.lastKey());
        Checkpoints.insertTrial(server.connection(), claim);
        BatchStatement statement = BatchSql.of(change, subject.facts(), claim.relation(), cursor == null);
        long began = time.nanos();
        try (PreparedStatement s = statement.prepare(server.connection(), claim, size);
                ResultSet row = s.executeQuery()) {
            double seconds = (time.nanos() - began) / (double) TimeUnit.SECONDS.toNanos(1);
            if (!row.next()) {
                findings.warn(
                        "trial-gave-up",
                        "migrate." + subject.shapeName(),
                        "All runs are stopped, so no trial batch was made, and there is no estimate and no row to show.",
                        "let them go on by `sluice resume-all`, then plan again.");
                return Optional.empty();
            }
            deferredConstraints();
            long scanned = row.getLong("scanned");
            long changed = row.getLong("changed");
            long matching = row.getLong("matching");
            var left = new RowsLeft(
                    row.getLong("left_unchanged"), row.getLong("left_collapsed"), row.getLong("left_shared"));
            List<SampleRow> shown = samples.compare(keys, before, samples.read(keys));
            Long violations = look == null ? null : violations(look, leaf, cursor, walk.lastKey(), size);
            return Optional.of(new Trial(scanned, changed, matching, violations, left, seconds, shown));
        }
    }

    /** The verification of the same rows, as they are now; null where it cannot be evaluated, which is a finding. */
    private @Nullable Long violations(
            RowWork.Look look, Leaf leaf, @Nullable List<String> cursor, @Nullable List<String> upper, int size)
            throws SQLException {
        Claim claim = claim(leaf, cursor, upper);
        Checkpoints.insertTrial(server.connection(), claim);
        BatchStatement statement = BatchSql.of(look, subject.facts(), claim.relation(), cursor == null);
        try (PreparedStatement s = statement.prepare(server.connection(), claim, size);
                ResultSet row = s.executeQuery()) {
            return row.next() ? Long.valueOf(row.getLong("violations")) : null;
        } catch (SQLException e) {
            SqlFailure failure = SqlFailure.in(e).orElseThrow(() -> database.unavailable(e));
            if (failure.kind() == ErrorKind.DEFINITION || failure.kind() == ErrorKind.DATA) {
                VerificationTrial.refuse(subject, findings, failure, look.condition());
                return null; // the transaction is rolled back anyway
            }
            throw e;
        }
    }

    /** What a commit would check. */
    private void deferredConstraints() throws SQLException {
        try (Statement s = server.connection().createStatement()) {
            s.execute("SET CONSTRAINTS ALL IMMEDIATE");
        }
    }

    private record Start(Leaf leaf, @Nullable List<String> cursor) {}

    /** Just before the first row that is still to be done; at the first row when none is found in time. */
    private Optional<Start> start(String condition) throws SQLException {
        Start first = null;
        boolean late = false;
        List<Leaf> leaves = subject.facts().leaves().stream()
                .sorted(Comparator.comparingLong(Leaf::estimatedRows).reversed())
                .limit(LEAVES_LOOKED_AT)
                .toList();
        for (Leaf leaf : leaves) {
            LeafKeys walk = new LeafKeys(server, subject.facts(), leaf);
            if (walk.firstKey() == null) {
                continue;
            }
            first = first == null ? new Start(leaf, null) : first;
            Savepoint savepoint = server.connection().setSavepoint();
            try {
                List<String> found = late ? null : walk.firstKey(condition);
                if (found != null) {
                    return Optional.of(new Start(leaf, walk.before(found)));
                }
            } catch (SQLException e) {
                if (SqlFailure.in(e).filter(f -> f.kind() == ErrorKind.TIMEOUT).isEmpty()) {
                    throw e;
                }
                server.connection().rollback(savepoint);
                late = true;
            }
        }
        if (first != null) {
            String looked = late
                    ? "within " + timeoutMillis() + " ms"
                    : "in " + leaves.size() + " of " + subject.facts().leaves().size() + " ranges";
            findings.info(
                    "nothing-to-do-found",
                    "migrate.where",
                    "No row that matches where was found " + looked + ", so there is no row to show.");
        }
        return Optional.ofNullable(first);
    }

    private void failed(SQLException e) {
        SqlFailure failure = SqlFailure.in(e).orElseThrow(() -> database.unavailable(e));
        String key = "migrate." + subject.shapeName();
        if (failure.beyondRange()) {
            findings.refuse(
                    "batch-beyond-range",
                    key,
                    "The trial batch changed rows beyond the keys it walked: where or an expression reaches out of the"
                            + " brackets around it, or a trigger changes the key.",
                    "write one whole expression, or walk by a key that stays (migrate.key).");
            return;
        }
        if (failure.severalRows() && subject.job().migrate().shape() instanceof Shape.Insert insert) {
            findings.refuse(
                    "rows-share-target-key",
                    "migrate.insert.conflict",
                    "Rows of the trial batch share one key of " + insert.target() + " ("
                            + String.join(", ", insert.conflict().columns())
                            + "), and do: update would leave it to chance which of them stays.",
                    "name conflict columns that tell such rows apart, leave all but one of them out by where, or say do:"
                            + " nothing to keep the first.");
            return;
        }
        switch (failure.kind()) {
            case TIMEOUT, TRANSIENT ->
                findings.warn(
                        "trial-gave-up",
                        key,
                        "The trial batch gave up with " + failure + ", so there is no estimate and no row to show.",
                        "see who holds locks on the table, or lower migrate.batch.size.");
            case DATA ->
                findings.refuse(
                        "data-error",
                        key,
                        "The trial batch fails with " + failure + ": a row cannot be changed.",
                        "correct such rows, leave them out by where, or write the expression so that it can take them.");
            case DEFINITION, OTHER -> {
                if (failure.sqlState().equals("42501")) {
                    findings.refuse(
                            "missing-privilege",
                            key,
                            "The trial batch fails with " + failure
                                    + (failure.function() == null ? "." : ", in function " + failure.function() + "."),
                            AccessChecks.grant(subject, failure));
                    return;
                }
                findings.refuse(
                        "sql-refused",
                        key,
                        "The trial batch fails with " + failure
                                + (failure.function() == null ? "." : ", in function " + failure.function() + "."),
                        failure.function() == null
                                ? "correct the job's SQL."
                                : "fix that function, which a trigger or the job's SQL calls, or what it names:"
                                        + " unqualified names follow search_path.");
            }
            case AWAY, READ_ONLY, FULL -> throw database.unavailable(e);
        }
    }
}
