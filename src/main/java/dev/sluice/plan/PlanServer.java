package dev.sluice.plan;

import dev.sluice.batch.BatchStatement;
import dev.sluice.checkpoint.Claim;
import dev.sluice.database.Database;
import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.problem.Problem;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Collections;
import java.util.Optional;
import java.util.StringJoiner;
import org.postgresql.core.Parser;

/** Asks the server for plans; nothing is run. */
final class PlanServer {
    private final Database database;
    private final Connection connection;

    PlanServer(Database database, Connection connection) {
        this.database = database;
        this.connection = connection;
    }

    /** The database as the job's SQL sees it. */
    Database rows() {
        return database;
    }

    /** The connection that is asked. */
    Connection connection() {
        return connection;
    }

    /** What the server holds against a statement with this expression; empty if nothing. */
    Optional<SqlFailure> fault(Expression expression) {
        try (PreparedStatement s = connection.prepareStatement("EXPLAIN " + expression.statement())) {
            s.execute();
            return Optional.empty();
        } catch (SQLException e) {
            // the position counts from EXPLAIN
            return Optional.of(blamed(e)).map(f -> moved(f, "EXPLAIN ".length()));
        }
    }

    private static SqlFailure moved(SqlFailure f, int by) {
        return f.position() == null ? f : f.at(f.position() - by);
    }

    /** The plan of a batch's statement, with the claim's values. */
    Explained plan(BatchStatement statement, Claim claim, int size) throws SQLException {
        return Explained.of(explain("EXPLAIN (VERBOSE, FORMAT JSON) ", statement, claim, size));
    }

    /** The same, as text for people. */
    String planText(BatchStatement statement, Claim claim, int size) throws SQLException {
        return explain("EXPLAIN ", statement, claim, size);
    }

    private String explain(String explain, BatchStatement statement, Claim claim, int size) throws SQLException {
        try (PreparedStatement s = new BatchStatement(explain + statement.sql(), statement.parameters())
                        .prepare(connection, claim, size);
                ResultSet rows = s.executeQuery()) {
            return text(rows);
        }
    }

    /** The plan that the server takes once it has stopped looking at the values: PREPARE, then a generic plan. */
    Explained genericPlan(BatchStatement statement) throws SQLException {
        String numbered = Parser.parseJdbcSql(statement.sql(), true, true, false, false, false)
                .get(0)
                .nativeSql;
        connection.setAutoCommit(false); // behind a pooler the session is ours within a transaction alone
        try (Statement s = connection.createStatement()) {
            s.setEscapeProcessing(false);
            s.execute("SET LOCAL plan_cache_mode = force_generic_plan");
            s.execute("PREPARE sluice_plan AS " + numbered);
            Savepoint prepared = connection.setSavepoint();
            try {
                return explainPrepared(s, statement.parameters().size());
            } finally {
                connection.rollback(prepared);
                s.execute("DEALLOCATE sluice_plan");
            }
        } finally {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private static Explained explainPrepared(Statement s, int parameters) throws SQLException {
        String nulls = String.join(", ", Collections.nCopies(parameters, "NULL"));
        try (ResultSet rows = s.executeQuery("EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE sluice_plan(" + nulls + ")")) {
            return Explained.of(text(rows));
        }
    }

    private static String text(ResultSet rows) throws SQLException {
        StringJoiner lines = new StringJoiner("\n");
        while (rows.next()) {
            lines.add(rows.getString(1));
        }
        return lines.toString();
    }

    /** The refusal for a database that does not answer. */
    Problem away(SQLException e) {
        return database.unavailable(e);
    }

    /**
     * The failure, where the job or its rows are to blame.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE where the database's state is
     */
    SqlFailure blamed(SQLException e) {
        SqlFailure failure = SqlFailure.in(e).orElseThrow(() -> database.unavailable(e));
        ErrorKind kind = failure.kind();
        if (kind.holds() || kind == ErrorKind.TRANSIENT || kind == ErrorKind.TIMEOUT) {
            throw database.unavailable(e);
        }
        return failure;
    }
}
