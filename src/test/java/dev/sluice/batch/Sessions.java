package dev.sluice.batch;

import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Several sessions of one database at once, in the order a test wants: a session is stopped by a lock that the test
 * holds, and the test knows from the server that it waits.
 */
final class Sessions implements AutoCloseable {
    private final TestPostgres.Fresh db;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Sessions(TestPostgres.Fresh db) {
        this.db = db;
    }

    /** A transaction of the test that is open until it is released. */
    static final class Held implements AutoCloseable {
        private final Connection connection;

        private Held(Connection connection) {
            this.connection = connection;
        }

        /** Commits. */
        void release() throws SQLException {
            connection.commit();
            connection.close();
        }

        @Override
        public void close() throws SQLException {
            if (!connection.isClosed()) {
                connection.rollback();
                connection.close();
            }
        }
    }

    /** Begins a transaction with these statements, as an application would, and leaves it open. */
    Held hold(String... statements) throws SQLException {
        Connection connection = db.connect();
        connection.setAutoCommit(false);
        try (Statement s = connection.createStatement()) {
            for (String sql : statements) {
                s.execute(sql);
            }
        }
        return new Held(connection);
    }

    /**
     * From now on whoever does this to this table stops right after it, its transaction open, until the answer is
     * released.
     *
     * @param event such as {@code UPDATE ON sluice.checkpoint}
     * @param condition over {@code OLD} and {@code NEW}
     */
    Held stopAfter(String event, String condition) throws SQLException {
        db.run(
                "CREATE OR REPLACE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS"
                        + " $$ BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$",
                "CREATE TRIGGER wait_here AFTER " + event + " FOR EACH ROW WHEN (" + condition
                        + ") EXECUTE FUNCTION wait_here()");
        return hold("SELECT pg_advisory_xact_lock(42)");
    }

    /** Does it in a session of its own. */
    <T> Future<T> start(Callable<T> work) {
        return threads.submit(work);
    }

    /** Does it in a session of its own, and returns when so many sessions wait for a lock. */
    <T> Future<T> startAndAwaitWaiting(int waiting, Callable<T> work) {
        Future<T> started = start(work);
        await().atMost(Duration.ofSeconds(30))
                .until(() -> Integer.parseInt(
                                db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                        + " AND wait_event_type = 'Lock'"))
                        == waiting);
        return started;
    }

    static <T> T get(Future<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
