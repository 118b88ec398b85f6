package dev.sluice.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A pool for those who have less patience than it: who waits longer than that for a connection is told that there is
 * none. While somebody's wait has lasted longer already, the next ones wait a moment only, so that a question that
 * needs many connections does not wait many times.
 */
final class BriefWait extends DelegatingSource {
    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(BriefWait.class);
    private static final Duration MOMENT = Duration.ofMillis(100);
    /** {@code sqlclient_unable_to_establish_sqlconnection}, as the driver has it for a server that is away. */
    private static final String AWAY = "08001";

    private final Duration patience;
    private final AtomicInteger overdue = new AtomicInteger();

    BriefWait(DataSource pool, Duration patience) {
        super(pool);
        this.patience = patience;
    }

    /** One who asks the pool on behalf of one who may not wait for it. */
    private final class Asking {
        private @Nullable Connection had;
        private @Nullable Throwable refused;
        private boolean late;
        private final CountDownLatch over = new CountDownLatch(1);

        void ask() {
            try {
                keep(delegate().getConnection());
            } catch (SQLException | RuntimeException e) {
                refuse(e);
            }
            over.countDown();
        }

        private synchronized void keep(Connection connection) {
            if (!late) {
                had = connection;
                return;
            }
            overdue.decrementAndGet();
            try {
                connection.close(); // nobody waits for it any more
            } catch (SQLException e) {
                LOG.debug("a connection that came late could not be given back", e);
            }
        }

        private synchronized void refuse(Exception e) {
            if (late) {
                overdue.decrementAndGet();
            } else {
                refused = e;
            }
        }

        private synchronized Connection taken(Duration waited) throws SQLException {
            if (had != null) {
                return had;
            }
            if (refused instanceof SQLException e) {
                throw e;
            }
            if (refused != null) {
                throw new SQLException("no connection: " + refused, AWAY, refused);
            }
            late = true;
            overdue.incrementAndGet();
            throw new SQLTransientConnectionException("no connection within " + waited.toMillis() + " ms", AWAY);
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        Duration most = overdue.get() > 0 && MOMENT.compareTo(patience) < 0 ? MOMENT : patience;
        Asking asking = new Asking();
        Thread.ofVirtual().name("brief-wait").start(asking::ask);
        try {
            var unused = asking.over.await(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return asking.taken(most);
    }
}
