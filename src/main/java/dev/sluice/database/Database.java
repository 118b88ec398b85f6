package dev.sluice.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.SQLExceptionOverride;
import dev.sluice.problem.Problem;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/**
 * One configured database: its pool, with every session pinned and limited alike.
 *
 * <p>Each session has READ COMMITTED, {@code search_path = public}, {@code DateStyle = ISO, YMD}, {@code TimeZone =
 * UTC}, {@code row_security = off} (a row hidden by a policy is an error and never a gate that opens falsely), and
 * {@code enable_seqscan = off}: a batch walks an index by design, and no stale statistic may talk the planner out of
 * it. {@code jit = off}: a plan without its parameters is costed for half a percent of the table, and on a large one
 * that alone would have every batch compiled. {@code synchronous_commit} is {@code on} where the server, the database
 * or the role has it off: what Sluice acknowledges is on disk.
 */
public final class Database implements AutoCloseable {
    /**
     * What was opened for a busy moment goes back after so long, two of each pool apart: where many workers start at
     * once, the first ones would otherwise keep the server's last connections from the others for ten minutes, which is
     * HikariCP's default.
     */
    private static final Duration IDLE = Duration.ofSeconds(30);
    /** In the details of a {@link Problem}: five characters, without what a driver's text gives away. */
    public static final String SQL_STATE = "sqlState";

    private final DatabaseSettings settings;
    private final PoolOrder order;
    private final HikariDataSource pool;
    private final DataSource connections;
    private final DSLContext sql;
    /** Why no job may work here yet. */
    private final AtomicReference<Optional<Problem>> held;

    private Database(
            DatabaseSettings settings,
            PoolOrder order,
            HikariDataSource pool,
            DataSource connections,
            AtomicReference<Optional<Problem>> held) {
        this.settings = settings;
        this.order = order;
        this.pool = pool;
        this.connections = connections;
        this.sql = DSL.using(connections, SQLDialect.POSTGRES);
        this.held = held;
    }

    /** Opens the pool. The database need not answer yet. */
    public static Database open(DatabaseSettings settings) {
        return open(settings, PoolOrder.ROWS);
    }

    /**
     * Opens a pool for Quartz, which is asked while connections of other pools are held, but never the other way round.
     */
    public static Database openForSchedule(DatabaseSettings settings) {
        return open(settings, PoolOrder.SCHEDULE);
    }

    /** Opens a pool whose connections are held while those of targets are asked for; none is kept idle. */
    static Database openAround(DatabaseSettings settings) {
        return open(settings, PoolOrder.AROUND);
    }

    private static Database open(DatabaseSettings settings, PoolOrder order) {
        var config = new HikariConfig();
        config.setPoolName(settings.name());
        config.setJdbcUrl(settings.url());
        config.setUsername(settings.user());
        config.setPassword(settings.password());
        config.setMaximumPoolSize(settings.poolSize());
        config.setMinimumIdle(order == PoolOrder.AROUND ? 0 : Math.min(2, settings.poolSize()));
        config.setIdleTimeout(IDLE.toMillis());
        config.setAutoCommit(true);
        config.setConnectionTimeout(settings.connectTimeout().toMillis());
        config.setInitializationFailTimeout(-1); // the worker starts, and says that it waits
        config.setKeepaliveTime(120_000);
        config.setExceptionOverride(new KeepsRefused());
        config.setConnectionInitSql(sessionSql(settings));
        config.addDataSourceProperty("ApplicationName", "sluice");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("logServerErrorDetail", "false");
        config.addDataSourceProperty(
                "connectTimeout",
                Long.toString(Math.max(1, settings.connectTimeout().toSeconds())));
        config.addDataSourceProperty(
                "socketTimeout", Long.toString(settings.socketTimeout().toSeconds()));
        var pool = new HikariDataSource(config);
        return new Database(
                settings,
                order,
                pool,
                OrderedConnections.checked(pool, settings.name(), order),
                new AtomicReference<>(Optional.empty()));
    }

    private static String sessionSql(DatabaseSettings s) {
        return String.format(
                Locale.ROOT,
                "SET application_name = 'sluice'; " // a pooler may have added to it
                        + "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; SET search_path = public; "
                        + "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET row_security = off; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; "
                        + "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; "
                        + "SET lock_timeout = %d; SET statement_timeout = %d; SET idle_in_transaction_session_timeout = %d; "
                        + "SELECT set_config(name, '%d', false) FROM pg_settings WHERE name = 'transaction_timeout'",
                s.lockTimeout().toMillis(),
                s.statementTimeout().toMillis(),
                s.idleInTransactionTimeout().toMillis(),
                s.transactionTimeout().toMillis());
    }

    /** The configured name. */
    public String name() {
        return settings.name();
    }

    public DatabaseSettings settings() {
        return settings;
    }

    /** For queries on Sluice's own tables and the catalog. */
    public DSLContext sql() {
        return sql;
    }

    /** The same database and pool, for those who wait no longer than this for a connection. */
    Database within(Duration patience) {
        return new Database(
                settings,
                order,
                pool,
                OrderedConnections.checked(new BriefWait(pool, patience), settings.name(), order),
                held);
    }

    /**
     * The same database by this one connection, for a piece of work that has it already: it must not ask the pool for
     * another. For one thread; what is connected is left open, and the caller gives it back.
     */
    public Database on(Connection connection) {
        return new Database(settings, order, pool, LentConnection.source(connection), held);
    }

    /** Holds every job here until {@link #release}, for this reason. */
    public void hold(Problem why) {
        held.set(Optional.of(why));
    }

    /** Jobs may work here. */
    public void release() {
        held.set(Optional.empty());
    }

    /** Why no job may work here yet; empty where they may. */
    public Optional<Problem> held() {
        return held.get();
    }

    /** @throws Problem UNAVAILABLE {@code database-not-prepared} while it is held */
    public void requireReleased() {
        held.get().ifPresent(why -> {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "database-not-prepared",
                    "Database \"" + name() + "\" is not prepared yet: " + why.getMessage()
                            + " Jobs on it hold until then, and go on by themselves.",
                    why.details());
        });
    }

    /** Where connections come from. */
    public DataSource dataSource() {
        return connections;
    }

    /** The pool, for binding its meters. */
    public HikariDataSource pool() {
        return pool;
    }

    /** A pooled connection in auto-commit mode. */
    public Connection connect() throws SQLException {
        return connections.getConnection();
    }

    /**
     * Asks which database this is.
     *
     * @throws Problem UNAVAILABLE when it does not answer
     */
    public Identity identity() {
        try {
            // after a promotion the control file names the new timeline minutes late, with the next checkpoint
            return sql.fetchSingle("SELECT s.system_identifier::text, current_database()::text,"
                            + " CASE WHEN pg_is_in_recovery() THEN c.timeline_id"
                            + " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,"
                            + " current_setting('server_version_num')::int"
                            + " FROM pg_control_system() s, pg_control_checkpoint() c")
                    .map(r -> new Identity(
                            r.get(0, String.class), r.get(1, String.class), r.get(2, int.class), r.get(3, int.class)));
        } catch (DataAccessException e) {
            throw unavailable(e);
        }
    }

    /**
     * What its clock says: all moments of what is proven about its rows are by it.
     *
     * @throws Problem UNAVAILABLE when it does not answer
     */
    public Instant clock() {
        try {
            return sql.fetchSingle("SELECT clock_timestamp()")
                    .get(0, OffsetDateTime.class)
                    .toInstant();
        } catch (DataAccessException e) {
            throw unavailable(e);
        }
    }

    /**
     * The refusal for an error of this database, with what came back: UNAVAILABLE where it may pass, UNPROCESSABLE
     * where trying again cannot help, such as for want of a privilege.
     */
    public Problem unavailable(Throwable cause) {
        Optional<SqlFailure> failure = SqlFailure.in(cause);
        String why = failure.map(SqlFailure::toString)
                .orElseGet(() -> String.valueOf(cause.getMessage()))
                .replaceAll("[.\\s]+$", "");
        boolean lasting = failure.filter(f -> f.kind() == ErrorKind.DEFINITION || f.kind() == ErrorKind.DATA)
                .isPresent();
        Map<String, Object> state = failure.<Map<String, Object>>map(f -> Map.of(SQL_STATE, f.sqlState()))
                .orElse(Map.of());
        Problem told = lasting
                ? new Problem(
                        Problem.Kind.UNPROCESSABLE,
                        "database-refused",
                        "Database \"" + name() + "\" refuses: " + why
                                + ". Nothing was changed; mend that, trying again will not help.",
                        state)
                : new Problem(
                        Problem.Kind.UNAVAILABLE,
                        "database-unavailable",
                        "Database \"" + name() + "\" "
                                + fact(failure.map(SqlFailure::kind).orElse(ErrorKind.AWAY)) + ": " + why
                                + ". Nothing was changed. Runs hold meanwhile and go on by themselves; ask again then.",
                        state);
        return told.because(cause);
    }

    private static String fact(ErrorKind kind) {
        return switch (kind) {
            case AWAY -> "does not answer";
            case READ_ONLY -> "takes no writes now";
            case FULL -> "has no room left";
            case TIMEOUT, TRANSIENT, DATA, DEFINITION, OTHER -> "could not do it now";
        };
    }

    /** "Not supported" (0A000) is an answer to a statement; by itself the pool would close the connection under it. */
    private static final class KeepsRefused implements SQLExceptionOverride {
        @java.lang.Override
        public Override adjudicate(SQLException e) {
            return "0A000".equals(e.getSQLState()) ? Override.DO_NOT_EVICT : Override.CONTINUE_EVICT;
        }
    }

    @Override
    public void close() {
        pool.close();
    }

    @Override
    public String toString() {
        return settings.toString();
    }
}
