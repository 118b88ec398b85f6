package dev.sluice.throttle;

import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres.Fresh;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/** Sessions of the application and of ours beside a test, some of them at work in threads of their own. */
final class SignalSessions implements AutoCloseable {
    private final Fresh database;
    private final List<Connection> open = new ArrayList<>();
    private final List<CompletableFuture<Void>> atWork = new ArrayList<>();

    SignalSessions(Fresh database) {
        this.database = database;
    }

    /** A session of ours. */
    Connection ours() {
        return named("sluice", database.user(), database.password());
    }

    /** A session of somebody else. */
    Connection app(String name) {
        return named(name, database.user(), database.password());
    }

    Connection named(String application, String user, String password) {
        try {
            Connection connection =
                    DriverManager.getConnection(database.url() + "?ApplicationName=" + application, user, password);
            open.add(connection);
            return connection;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static void run(Connection connection, String... statements) {
        try (Statement s = connection.createStatement()) {
            for (String sql : statements) {
                s.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(List.of(statements).toString(), e);
        }
    }

    static int pid(Connection connection) {
        try (Statement s = connection.createStatement();
                ResultSet row = s.executeQuery("SELECT pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs it in a thread of its own; it may wait there, and ends with {@link #close} at the latest. */
    void start(Connection connection, String statement) {
        atWork.add(CompletableFuture.runAsync(
                () -> {
                    try (Statement s = connection.createStatement()) {
                        s.execute(statement);
                    } catch (SQLException e) {
                        // cancelled by close
                    }
                },
                task -> Thread.ofPlatform().daemon().start(task)));
    }

    /** Reads until the levels are as they should be; gives those. */
    static List<Measurement> awaitLevels(Callable<List<Measurement>> read, Predicate<List<Measurement>> wanted) {
        return await().atMost(Duration.ofSeconds(60)).until(read, wanted);
    }

    /** Ends every session, whatever it is doing. */
    @Override
    public void close() {
        for (Connection connection : open) {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }
        // an aborted client is noticed by the server when it next writes; a wait or a sleep would go on for long
        try (Connection last = database.connect()) {
            run(
                    last,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND pid <> pg_backend_pid() AND backend_type = 'client backend'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        atWork.forEach(CompletableFuture::join);
    }
}
