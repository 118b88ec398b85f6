package dev.sluice.plan;

import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.job.Shape;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Evaluates the verification on a few rows, in a transaction that only reads: some comparisons fail only once they meet
 * values, such as that of a composite type one of whose fields has no equality, and a run must not find out after it
 * has changed every row. Of {@code set}, on the rows as they would be after their change.
 */
final class VerificationTrial {
    private static final int ROWS = 100;
    private static final String TIMEOUT = "1s";

    private final Subject subject;
    private final Findings findings;
    private final PlanServer server;

    VerificationTrial(Subject subject, Findings findings, PlanServer server) {
        this.subject = subject;
        this.findings = findings;
        this.server = server;
    }

    /** What cannot be evaluated is refused; that rows violate, fail by their data or take long says nothing here. */
    void run(Leaf leaf, String condition) {
        String rows = rows(leaf) + " LIMIT " + ROWS;
        try {
            evaluate(
                    "SELECT count(ROW(" + computed() + ")) FROM " + rows,
                    "SELECT count(*) FILTER (WHERE violates) FROM (SELECT " + enclosed(condition)
                            + " IS NOT TRUE AS violates FROM " + rows + ") AS sluice_looked");
        } catch (SQLException e) {
            SqlFailure failure = SqlFailure.in(e).orElseThrow(() -> server.away(e));
            if (failure.kind() == ErrorKind.DEFINITION) {
                refuse(subject, findings, failure, condition);
            } else if (failure.kind() == ErrorKind.AWAY) {
                throw server.away(e);
            }
        }
    }

    /** The verification fails while it runs, whatever the rows hold. */
    static void refuse(Subject subject, Findings findings, SqlFailure failure, String condition) {
        findings.refuse(
                "verification-fails",
                "switch.verify",
                "The verification cannot be evaluated on the table's rows: the server says " + failure + " to "
                        + condition + ".",
                subject.job().verify().isPresent()
                        ? "write switch.verify so that it can be, such as by comparing texts: (column)::text = (…)::text."
                        : "say in switch.verify what must hold, such as by comparing texts: (column)::text = (…)::text.");
    }

    private void evaluate(String rows, String looked) throws SQLException {
        Connection connection = server.connection();
        connection.setAutoCommit(false);
        try (Statement s = connection.createStatement()) {
            s.setEscapeProcessing(false);
            s.execute("SET TRANSACTION READ ONLY");
            s.execute("SET LOCAL statement_timeout = '" + TIMEOUT + "'");
            // a condition over the whole row or a system column fits no derived row, and rows that cannot be made say
            // nothing of the condition: the trial batch of plan meets both
            if (works(connection, s, rows) && works(connection, s, "EXPLAIN " + looked)) {
                s.execute(looked);
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
            if (!server.rows().pooled()) {
                Trials.unlock(connection);
            }
        }
    }

    private static boolean works(Connection connection, Statement s, String sql) throws SQLException {
        var before = connection.setSavepoint();
        try {
            s.execute(sql);
            return true;
        } catch (SQLException e) {
            connection.rollback(before);
            return false;
        }
    }

    /** The columns that are computed for a row. */
    private String computed() {
        return subject.changedColumns().stream().map(TableName::quote).collect(Collectors.joining(", "));
    }

    /** The leaf's rows under the table's name; of {@code set}, with the columns as they would be. */
    private String rows(Leaf leaf) {
        if (!(subject.job().migrate().shape() instanceof Shape.Set set)) {
            return subject.from(leaf.name());
        }
        Set<String> readable = subject.hazards().accessTo(leaf.name()).select();
        String columns = subject.facts().columns().values().stream()
                .filter(c -> readable.contains(c.name()))
                .map(c -> column(c, set))
                .collect(Collectors.joining(", "));
        return "(SELECT " + columns + " FROM " + subject.from(leaf.name()) + " LIMIT " + ROWS + ") AS "
                + TableName.quote(subject.facts().name().name());
    }

    private static String column(TableFacts.Column column, Shape.Set set) {
        String name = TableName.quote(column.name());
        String expression = set.columns().get(column.name());
        return expression == null ? name : "CAST(" + enclosed(expression) + " AS " + column.type() + ") AS " + name;
    }

    private static String enclosed(String expression) {
        return "(" + SqlText.of(expression) + "\n)";
    }
}
