package dev.sluice.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one database.
 *
 * @param settings how it is reached
 * @param order in which a thread may ask it for connections
 * @param hikari keeps them
 * @param sessions opens them
 */
record Pool(DatabaseSettings settings, PoolOrder order, HikariDataSource hikari, SessionSource sessions) {
    /**
     * What was opened for a busy moment goes back after so long, two of each pool apart: where many workers start at
     * once, the first ones would otherwise keep the server's last connections from the others for ten minutes, which is
     * HikariCP's default.
     */
    private static final Duration IDLE = Duration.ofSeconds(30);

    /** Opens it. The database need not answer yet. */
    static Pool open(DatabaseSettings settings, PoolOrder order) {
        var properties = new Properties();
        properties.setProperty("user", settings.user());
        properties.setProperty("password", settings.password());
        properties.setProperty("ApplicationName", "sluice");
        // it goes with the connection then, and not as a SET that a pooler would keep for others
        properties.setProperty("assumeMinServerVersion", "14");
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("logServerErrorDetail", "false");
        properties.setProperty(
                "connectTimeout",
                Long.toString(Math.max(1, settings.connectTimeout().toSeconds())));
        properties.setProperty(
                "socketTimeout", Long.toString(settings.socketTimeout().toSeconds()));
        var sessions = new SessionSource(settings.name(), settings.url(), properties, new SessionSettings(settings));
        var config = new HikariConfig();
        config.setPoolName(settings.name());
        config.setDataSource(sessions);
        config.setMaximumPoolSize(settings.poolSize());
        config.setMinimumIdle(order == PoolOrder.AROUND ? 0 : Math.min(2, settings.poolSize()));
        config.setIdleTimeout(IDLE.toMillis());
        config.setAutoCommit(true);
        config.setConnectionTimeout(settings.connectTimeout().toMillis());
        config.setInitializationFailTimeout(-1); // the worker starts, and says that it waits
        config.setKeepaliveTime(120_000);
        var errors = new Errors(sessions);
        config.setExceptionOverride(errors);
        var hikari = new HikariDataSource(config);
        errors.hikari = hikari;
        return new Pool(settings, order, hikari, sessions);
    }

    /** What it lends, for those who wait as long as it does. */
    DataSource lent() {
        return OrderedConnections.checked(hikari, settings.name(), order);
    }

    /** What it lends, for those who wait no longer than this. */
    DataSource lent(Duration patience) {
        return OrderedConnections.checked(new BriefWait(hikari, patience), settings.name(), order);
    }

    /** What the pool has to know of errors. */
    private static final class Errors implements SQLExceptionOverride {
        private final SessionSource sessions;
        private volatile @Nullable HikariDataSource hikari;

        Errors(SessionSource sessions) {
            this.sessions = sessions;
        }

        @java.lang.Override
        public Override adjudicate(SQLException e) {
            String state = e.getSQLState();
            if ("42P05".equals(state) || "26000".equals(state)) {
                sessions.noticePooler(state);
                HikariDataSource open = hikari;
                if (open != null) {
                    open.getHikariPoolMXBean().softEvictConnections();
                }
            }
            // "not supported" (0A000) is an answer to a statement; by itself the pool would close the connection
            return "0A000".equals(state) ? Override.DO_NOT_EVICT : Override.CONTINUE_EVICT;
        }
    }
}
