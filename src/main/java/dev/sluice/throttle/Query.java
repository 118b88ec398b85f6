package dev.sluice.throttle;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * A question that is asked again and again on one connection: the driver has the server keep its plan, for planning a
 * view of the catalog takes longer than reading it. One that takes longer than {@value #PATIENCE} s is given up: the
 * signal is unknown then. The driver sees to that and not the session's statement_timeout, which through a pooler in
 * transaction mode would be set for others.
 *
 * @param sql with a {@code ?} for each number
 */
record Query(String sql) {
    /** Seconds. */
    private static final int PATIENCE = 1;

    /** Reads one row. */
    interface Row<T> {
        T of(ResultSet row) throws SQLException;
    }

    /**
     * Every row of the answer.
     *
     * @param numbers oids, in the order of the statement
     */
    <T> List<T> on(Connection connection, Row<T> row, long... numbers) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setQueryTimeout(PATIENCE);
            for (int i = 0; i < numbers.length; i++) {
                statement.setLong(i + 1, numbers[i]);
            }
            List<T> all = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    all.add(row.of(rows));
                }
            }
            return all;
        }
    }

    /** The one row of the answer. */
    <T> T single(Connection connection, Row<T> row, long... numbers) throws SQLException {
        List<T> all = on(connection, row, numbers);
        if (all.size() != 1) {
            throw new SQLException("expected one row, got " + all.size() + ": " + sql, "21000");
        }
        return all.getFirst();
    }
}
