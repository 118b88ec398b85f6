package dev.sluice.throttle;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.sql.SqlText;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A query of the job's database that gives one number, in a transaction that only reads.
 *
 * @param code the signal's name
 * @param query one SELECT
 * @param every how often
 * @param database whose pool lends the connection
 */
record SqlSource(String code, String query, Duration every, Database database) implements RemoteSource {
    private static final Set<Integer> NUMBERS =
            Set.of(Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.NUMERIC, Types.DECIMAL, Types.REAL, Types.DOUBLE);
    private static final String CANCELED = "57014";
    /** Sluice's sessions keep the planner from scans that a query of one's own may well need, and have another path. */
    private static final String BEGIN = "SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 1000;"
            + " SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL search_path TO DEFAULT";

    @Override
    public List<Measurement> read() throws IOException, SQLException {
        try (Connection connection = database.connect()) {
            connection.setAutoCommit(false); // the pool rolls back what is open when it takes the connection back
            try (Statement statement = connection.createStatement()) {
                statement.execute(BEGIN);
                statement.setMaxRows(2);
                try (ResultSet rows = statement.executeQuery(SqlText.of(query).forJdbc())) {
                    return CustomMeasurement.of(number(rows));
                }
            }
        } catch (SQLException e) {
            throw told(e);
        }
    }

    private static double number(ResultSet rows) throws SQLException, IOException {
        ResultSetMetaData columns = rows.getMetaData();
        if (columns.getColumnCount() != 1) {
            throw new UnusableSignalException("the query gives " + columns.getColumnCount() + " columns, not one");
        }
        if (!NUMBERS.contains(columns.getColumnType(1))) {
            throw new UnusableSignalException("the query gives " + columns.getColumnTypeName(1) + ", not a number");
        }
        if (!rows.next()) {
            throw new IOException("the query gives no row");
        }
        double number = rows.getDouble(1);
        if (rows.wasNull()) {
            throw new IOException("the query gives NULL");
        }
        if (rows.next()) {
            throw new IOException("the query gives more than one row");
        }
        return number;
    }

    /** The same error in words that hold no values of rows. */
    private static SQLException told(SQLException e) {
        Optional<SqlFailure> failure = SqlFailure.in(e);
        if (failure.isEmpty()) {
            return e;
        }
        String state = failure.get().sqlState();
        String message = state.equals(CANCELED)
                ? "the query takes longer than 1 s"
                : failure.get().toString();
        return new SQLException(message, state, e);
    }
}
