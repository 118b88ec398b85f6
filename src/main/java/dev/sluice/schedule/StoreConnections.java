package dev.sluice.schedule;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.quartz.utils.ConnectionProvider;

/**
 * Quartz's connections: a small pool of its own, whose sessions may wait for the lock rows of {@code qrtz_locks} longer
 * than a batch may wait for a lock, and which batches cannot use up.
 */
final class StoreConnections implements ConnectionProvider {
    private static final int POOL = 4;
    /** A worker on a busy machine may well do nothing for so long in the middle of a transaction. */
    private static final Duration BRIEF = Duration.ofSeconds(1);

    private final Database store;
    private final Outage outage;

    StoreConnections(Database store, Outage outage) {
        this.store = store;
        this.outage = outage;
    }

    /**
     * The control database's settings, changed for Quartz.
     *
     * @param takeover a session that is frozen while it has a lock row must not keep the others from a takeover for
     *     longer than that
     */
    static DatabaseSettings settings(DatabaseSettings control, Duration takeover) {
        return new DatabaseSettings(
                control.name() + "-schedule",
                control.url(),
                control.user(),
                control.password(),
                POOL,
                Duration.ofSeconds(20),
                Duration.ofSeconds(30),
                least(control.idleInTransactionTimeout(), takeover.compareTo(BRIEF) < 0 ? BRIEF : takeover),
                control.transactionTimeout(),
                control.analyzeTimeout(),
                control.connectTimeout(),
                Duration.ofSeconds(60));
    }

    private static Duration least(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    @Override
    public Connection getConnection() throws SQLException {
        try {
            Connection connection = store.connect();
            outage.answered();
            return connection;
        } catch (SQLException e) {
            outage.tells(e);
            throw e;
        }
    }

    @Override
    public void initialize() {
        // the pool is open already
    }

    @Override
    public void shutdown() {
        store.close();
    }
}
