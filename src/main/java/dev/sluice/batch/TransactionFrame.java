package dev.sluice.batch;

import dev.sluice.database.SqlFailure;
import dev.sluice.database.TransactionSettings;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The statements around that of a batch.
 *
 * @param before sets what holds in its transaction
 * @param after tells what held at its end, and brings the session back to how it was opened
 * @param own whether the session is ours; else a pooler lends it
 */
record TransactionFrame(String before, String after, boolean own) {
    private static final Logger LOG = LoggerFactory.getLogger(TransactionFrame.class);
    private static final String UNLOCK = "SELECT pg_catalog.pg_advisory_unlock_all()";

    /**
     * @param settings of the transaction
     * @param restoring brings the session back; empty where it is not ours
     */
    static TransactionFrame of(TransactionSettings settings, String restoring) {
        // what others do in the session then is theirs, and so are its locks
        boolean own = !restoring.isEmpty();
        String path = "pg_catalog.current_setting('transaction_isolation'), pg_catalog.current_setting('role')";
        return new TransactionFrame(
                settings.sql() + ", " + path + ";", // nothing more: positions count from the statement's beginning
                // deferred triggers are the job's too: they fire under its settings, and what they set is seen
                "SET CONSTRAINTS ALL IMMEDIATE;\n" + settings.inForceSql() + ", " + path
                        + (own ? ";\n" + restoring + "\n" + UNLOCK : ""),
                own);
    }

    /** The row of settings that the statement is at. */
    static List<String> settings(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.getResultSet()) {
            row.next();
            List<String> values = new ArrayList<>();
            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                values.add(String.valueOf(row.getString(i)));
            }
            return values;
        }
    }

    /**
     * What is not as it was, for people.
     *
     * @param names of the settings that {@link #of} was given
     */
    static List<String> changed(List<String> names, List<String> before, List<String> after) {
        List<String> all = new ArrayList<>(names);
        all.add("transaction_isolation");
        all.add("role");
        List<String> changed = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (!Objects.equals(before.get(i), after.get(i))) {
                changed.add(all.get(i) + " = " + after.get(i) + " (" + before.get(i) + " at its beginning)");
            }
        }
        return changed;
    }

    /**
     * After a rollback the settings are as before, but a session keeps the advisory locks that were taken.
     *
     * @param own whether the session is ours; else a pooler lends it
     */
    static void unlock(Connection connection, boolean own) {
        try {
            if (own && !connection.isClosed()) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(UNLOCK);
                }
            }
        } catch (SQLException e) {
            LOG.debug(
                    "no locks were given back: {}",
                    SqlFailure.in(e).map(SqlFailure::toString).orElse(""));
        }
    }
}
