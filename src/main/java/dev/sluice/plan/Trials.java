package dev.sluice.plan;

import dev.sluice.batch.BatchSql;
import dev.sluice.batch.BatchStatement;
import dev.sluice.batch.Work;
import dev.sluice.checkpoint.Checkpoints;
import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Position;
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
    private final Server server;
    private final Database database;
    private final Time time;

    Trials(Subject subject, Findings findings, Server server, Database database, Time time) {
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
     * @param seconds it took
     * @param sample up to five rows before and after
     */
    record Trial(long scanned, long changed, long matching, double seconds, List<SampleRow> sample) {}

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
    Optional<Trial> run(Work change) throws SQLException {
        Connection connection = server.connection();
        connection.setAutoCommit(false);
        try (Statement s = connection.createStatement()) {
            s.execute("SET LOCAL statement_timeout = " + timeoutMillis());
            return tried(change);
        } catch (SQLException e) {
            failed(e);
            return Optional.empty();
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private long timeoutMillis() {
        long target = subject.job().migrate().batch().target().toMillis();
        long most = database.settings().statementTimeout().toMillis();
        long wanted = Math.max(1000, 10 * target);
        return most > 0 ? Math.min(most, wanted) : wanted;
    }

    private Optional<Trial> tried(Work change) throws SQLException {
        String condition = subject.job().migrate().shape() instanceof Shape.Sql
                ? "true"
                : subject.job().migrate().where().orElse("true");
        Optional<Start> start = start(condition);
        if (start.isEmpty()) {
            return Optional.empty();
        }
        Leaf leaf = start.get().leaf();
        List<String> cursor = start.get().cursor();
        Walk walk = new Walk(server, subject.facts(), leaf);
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
            return Optional.of(new Trial(
                    row.getLong("scanned"),
                    row.getLong("changed"),
                    row.getLong("matching"),
                    seconds,
                    samples.compare(keys, before, samples.read(keys))));
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
            Walk walk = new Walk(server, subject.facts(), leaf);
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
                        "mend such rows, leave them out by where, or write the expression so that it can take them.");
            case DEFINITION, OTHER -> {
                if (failure.sqlState().equals("42501")) {
                    findings.refuse(
                            "missing-privilege",
                            key,
                            "The trial batch fails with " + failure + ", perhaps in a trigger's function.",
                            "GRANT the role what that statement needs there, or make the trigger's function SECURITY"
                                    + " DEFINER with a search_path of its own.");
                    return;
                }
                findings.refuse(
                        "sql-refused", key, "The trial batch fails with " + failure + ".", "mend the job's SQL.");
            }
            case AWAY, READ_ONLY, FULL -> throw database.unavailable(e);
        }
    }
}
