package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.sql.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** Gives the planner statistics of the migrated rows before the gate opens. */
public final class Analyze {
    private Analyze() {}

    /**
     * What came of it.
     *
     * @param at when it was done, by the database's clock
     * @param skipped what the server said where it skipped the table or a partition, such as for want of a privilege;
     *     null where it did not
     */
    public record Done(Instant at, @Nullable String skipped) {}

    /**
     * Runs ANALYZE, with the timeout configured for it.
     *
     * @throws SQLException as the server gave it
     */
    public static Done table(Database database, TableName table) throws SQLException {
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
                // class 01 is a warning; what an extension's type has to say while it is analyzed comes as a notice,
                // 00000
                while (warning != null && !String.valueOf(warning.getSQLState()).startsWith("01")) {
                    warning = warning.getNextWarning();
                }
                Instant at = clock(statement);
                connection.commit();
                return new Done(at, warning == null ? null : warning.getMessage());
            } catch (SQLException | RuntimeException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
                connection.setNetworkTimeout(Runnable::run, network);
            }
        }
    }

    private static Instant clock(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT clock_timestamp()")) {
            row.next();
            return row.getObject(1, OffsetDateTime.class).toInstant();
        }
    }
}
