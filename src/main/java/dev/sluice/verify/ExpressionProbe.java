package dev.sluice.verify;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Asks the server what an expression over a table's row is made of: whether it is immutable, whether it reads other
 * tables, and which columns it reads.
 *
 * <p>It tries to make a partial index with the expression in its predicate, on an empty temporary table of the same
 * columns, in a transaction that is rolled back. PostgreSQL refuses with 42P17 what is not immutable and with 0A000
 * what has a subquery, and records the columns it depends on in {@code pg_depend}.
 */
final class ExpressionProbe {
    /**
     * What an expression is made of.
     *
     * @param immutable the same row gives the same value, always
     * @param readsOtherTables it has a subquery
     * @param columns of the row that it reads; empty when not immutable
     * @param readsGenerated whether one of them is generated from others
     */
    record Findings(boolean immutable, boolean readsOtherTables, Set<String> columns, boolean readsGenerated) {}

    private ExpressionProbe() {}

    /**
     * Probes several expressions over one table's row.
     *
     * @param expressions by a name of the caller's
     * @throws SQLException when the database does not answer, or the role may not make temporary tables (42501)
     */
    static Map<String, Findings> probe(Database database, TableName table, Map<String, String> expressions)
            throws SQLException {
        try (Connection connection = database.connect()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.execute("CREATE TEMP TABLE " + TableName.quote(table.name()) + " (LIKE " + table.sql()
                        + ") ON COMMIT DROP");
                Map<String, Findings> found = new LinkedHashMap<>();
                for (var e : expressions.entrySet()) {
                    found.put(e.getKey(), probe(connection, statement, table, e.getValue()));
                }
                return found;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static Findings probe(Connection connection, Statement statement, TableName table, String expression)
            throws SQLException {
        Savepoint before = connection.setSavepoint();
        String temp = "pg_temp." + TableName.quote(table.name());
        try {
            statement.setEscapeProcessing(false);
            statement.execute("CREATE INDEX sluice_probe ON " + temp + " ((1)) WHERE ((" + SqlText.of(expression)
                    + "\n)) IS NOT NULL");
            Set<String> columns = columns(connection, temp);
            connection.rollback(before);
            return new Findings(true, false, columns, !Collections.disjoint(columns, generated(connection, table)));
        } catch (SQLException e) {
            connection.rollback(before);
            String state = SqlFailure.in(e).map(SqlFailure::sqlState).orElse("");
            boolean subquery = state.equals("0A000");
            if (subquery || state.equals("42P17")) {
                return new Findings(false, subquery, Set.of(), false);
            }
            throw e;
        }
    }

    private static Set<String> generated(Connection connection, TableName table) throws SQLException {
        return names(
                connection,
                "SELECT attname FROM pg_attribute WHERE attrelid = CAST(? AS regclass) AND attgenerated <> ''",
                table.sql());
    }

    private static Set<String> columns(Connection connection, String temp) throws SQLException {
        return names(
                connection,
                "SELECT a.attname FROM pg_depend d "
                        + "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
                        + "WHERE d.classid = 'pg_class'::regclass AND d.objid = 'pg_temp.sluice_probe'::regclass "
                        + "AND d.refobjid = CAST(? AS regclass) AND d.refobjsubid > 0",
                temp);
    }

    private static Set<String> names(Connection connection, String sql, String relation) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(sql)) {
            query.setString(1, relation);
            Set<String> names = new HashSet<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
            return names;
        }
    }
}
