package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.problem.Problem;
import dev.sluice.sql.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;

/** Gives the planner statistics of the migrated rows before the gate opens. */
public final class Analyze {
    private Analyze() {}

    /**
     * Runs ANALYZE, with the timeout configured for it.
     *
     * @throws SQLException as the server gave it
     * @throws Problem UNPROCESSABLE {@code not-analyzed} when the server skipped the table, for want of a privilege
     */
    public static void table(Database database, TableName table) throws SQLException {
        long millis = database.settings().analyzeTimeout().toMillis();
        try (Connection connection = database.connect()) {
            int network = connection.getNetworkTimeout();
            connection.setNetworkTimeout(Runnable::run, Math.toIntExact(Math.max(network, 2 * millis)));
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET LOCAL statement_timeout = " + millis);
                statement.execute("SELECT set_config(name, '" + millis
                        + "', true) FROM pg_settings WHERE name = 'transaction_timeout'");
                statement.clearWarnings();
                statement.execute("ANALYZE " + table.sql());
                SQLWarning warning = statement.getWarnings();
                connection.commit();
                // class 01 is a warning; what an extension's type has to say while it is analyzed comes as a notice,
                // 00000
                while (warning != null && !String.valueOf(warning.getSQLState()).startsWith("01")) {
                    warning = warning.getNextWarning();
                }
                if (warning != null) {
                    throw new Problem(
                            Problem.Kind.UNPROCESSABLE,
                            "not-analyzed",
                            "ANALYZE " + table + " was skipped: " + warning.getMessage()
                                    + ". Without statistics the plans after the switch may be bad. Let the role own the table,"
                                    + " or GRANT MAINTAIN ON " + table.sql()
                                    + " (PostgreSQL 17 and newer); then resume the run.");
                }
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
                connection.setNetworkTimeout(Runnable::run, network);
            }
        }
    }
}
