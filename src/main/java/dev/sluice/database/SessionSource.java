package dev.sluice.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.core.BaseConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the sessions of a pool, and sees whether a pooler stands between: then a session is another client's as soon as
 * a transaction ends, so nothing may be set for it, and no statement may be prepared in it.
 *
 * <p>A pooler is known by the process id: the one that the client was told when it connected is the pooler's invention
 * (it needs keys of its own to pass on cancel requests), and not the one of the server's process that answers. Where
 * that does not tell, a prepared statement that is there already (42P05) or is not there any more (26000) does.
 */
final class SessionSource extends PlainSource {
    private static final Logger LOG = LoggerFactory.getLogger(SessionSource.class);

    private static final String PREPARE_THRESHOLD = "prepareThreshold";

    private final String name;
    private final String url;
    private final Properties properties;
    private final SessionSettings settings;
    private volatile boolean pooled;
    private volatile boolean known;

    SessionSource(String name, String url, Properties properties, SessionSettings settings) {
        this.name = name;
        this.url = url;
        this.properties = properties;
        this.settings = settings;
    }

    /** Whether a pooler stands between, as far as is known; false before the first session. */
    boolean pooled() {
        return pooled;
    }

    /** Whether a session has been opened, so that {@link #pooled} tells. */
    boolean known() {
        return known;
    }

    /** An error said so. */
    void noticePooler(@Nullable String sqlState) {
        if (!pooled) {
            pooled = true;
            LOG.warn(
                    "database {}: error {} says that a pooler shares sessions among its clients;"
                            + " from now on nothing is set or prepared in a session",
                    name,
                    sqlState);
        }
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = new Driver().connect(url, properties);
        if (connection == null) {
            throw new SQLException("the URL of database " + name + " is not one of PostgreSQL", "08001");
        }
        try {
            begin(connection);
            return connection;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    private void begin(Connection connection) throws SQLException {
        PGConnection session = connection.unwrap(PGConnection.class);
        try (Statement statement = connection.createStatement()) {
            if (!pooled && process(statement) != session.getBackendPID()) {
                pooled = true;
                LOG.info(
                        "database {}: a pooler stands between, so nothing is set or prepared in a session;"
                                + " each transaction brings its own settings (docs/poolers.md)",
                        name);
            }
            known = true;
            if (pooled) {
                if (!properties.containsKey(PREPARE_THRESHOLD) && !url.contains(PREPARE_THRESHOLD + "=")) {
                    session.setPrepareThreshold(0);
                }
            } else {
                statement.execute(settings.session(version(connection)).sessionSql());
            }
        }
    }

    /** {@code server_version_num} of the server, as the driver was told when it connected. */
    static int version(Connection connection) throws SQLException {
        return connection.unwrap(BaseConnection.class).getQueryExecutor().getServerVersionNum();
    }

    private static int process(Statement statement) throws SQLException {
        try (var row = statement.executeQuery("SELECT pg_catalog.pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }

    @Override
    public void setLoginTimeout(int seconds) {
        if (seconds > 0) {
            properties.setProperty("loginTimeout", Integer.toString(seconds));
        }
    }

    /** The pool waits so long, when it closes, for a session that is just being opened; else that one would stay. */
    @Override
    public int getLoginTimeout() {
        return Integer.parseInt(properties.getProperty("loginTimeout", "0"));
    }

    @Override
    public String toString() {
        return "sessions of database " + name;
    }
}
