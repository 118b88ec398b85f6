package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** One SQL statement as a neighbour: to make it rest, it is cancelled. */
final class StatementBeside implements Neighbour {
    private static final String QUERY_CANCELED = "57014";

    private final TestPostgres.Fresh database;
    private final String sql;
    /** Gives a number that grows with each row that is filled. */
    private final String rows;

    private @Nullable Going going;

    /** A statement that was sent, and has not been answered. */
    private record Going(Connection connection, Statement statement, CompletableFuture<Void> end) {}

    private StatementBeside(TestPostgres.Fresh database, String sql, String rows) {
        this.database = database;
        this.sql = sql;
        this.rows = rows;
    }

    /** The whole table at once. How many rows it has come to, nobody sees before it commits. */
    static StatementBeside singleUpdate(TestPostgres.Fresh database) {
        return new StatementBeside(database, Plain.SINGLE_UPDATE, "SELECT 'NaN'");
    }

    /**
     * The loop of 1,000 rows.
     *
     * @param after the key it begins after; no row above is filled yet
     */
    static StatementBeside loop(TestPostgres.Fresh database, long after) {
        return new StatementBeside(
                database,
                Plain.loop(after),
                "SELECT min(id) FROM app.people WHERE id > " + after + " AND full_name IS NULL");
    }

    @Override
    @SuppressWarnings("resource") // closed by rest()
    public void work() throws SQLException {
        Connection connection = database.connect();
        Statement statement = connection.createStatement();
        CompletableFuture<Void> end = CompletableFuture.runAsync(
                () -> {
                    try {
                        statement.execute(sql);
                    } catch (SQLException e) {
                        throw new CompletionException(e);
                    }
                },
                task -> Thread.ofPlatform().daemon().start(task));
        going = new Going(connection, statement, end);
    }

    @Override
    public boolean rest() throws IOException, SQLException {
        Going now = going;
        if (now == null) {
            return false;
        }
        going = null;
        try {
            now.statement.cancel();
            now.end.join();
            return false;
        } catch (CompletionException e) {
            if (e.getCause() instanceof SQLException cause && QUERY_CANCELED.equals(cause.getSQLState())) {
                return true;
            }
            throw new IOException("the statement beside the application failed", e.getCause());
        } finally {
            now.connection.close();
        }
    }

    @Override
    public double rows() {
        return Double.parseDouble(database.value(rows));
    }

    @Override
    public String limit() {
        return "";
    }
}
