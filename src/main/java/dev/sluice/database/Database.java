package dev.sluice.database;

import com.zaxxer.hikari.HikariDataSource;
import dev.sluice.problem.Problem;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.tools.jdbc.DefaultConnection;
import org.jspecify.annotations.Nullable;

/**
 * One configured database and its pool, as Sluice's own statements see it or, {@link #under} the settings of a job, as
 * the statements with that job's SQL do.
 *
 * <p>Own statements have READ COMMITTED, {@code search_path = public}, {@code DateStyle = ISO}, {@code TimeZone = UTC},
 * {@code row_security = off} (a row hidden by a policy is an error and never a gate that opens falsely), and
 * {@code enable_seqscan = off}: a batch walks an index by design, and no stale statistic may talk the planner out of
 * it. {@code jit = off}: a plan without its parameters is costed for half a percent of the table, and on a large one
 * that alone would have every batch compiled. {@code synchronous_commit} is {@code on} where the server, the database
 * or the role has it off: what Sluice acknowledges is on disk. They hold for the session; behind a pooler, which gives
 * a session to others between two transactions, for each transaction.
 *
 * <p>A job's SQL sees the same limits, but {@code search_path}, {@code TimeZone} and all else as the database and the
 * role have it, or the job's settings. They are set for each transaction, wherever it runs.
 */
public final class Database implements AutoCloseable {
    /** In the details of a {@link Problem}: five characters, without what a driver's text gives away. */
    public static final String SQL_STATE = "sqlState";

    private final Pool pool;
    /** The pool, for those who wait as long as they do. */
    private final DataSource lent;
    /** Of a job's SQL; null for own statements. */
    private final TransactionSettingsSource.@Nullable Chosen job;

    private final @Nullable SessionDefaults defaults;
    private final DataSource connections;
    private final DSLContext sql;
    /** Why no job may work here yet. */
    private final AtomicReference<Optional<Problem>> held;

    private Database(
            Pool pool,
            DataSource lent,
            TransactionSettingsSource.@Nullable Chosen job,
            @Nullable SessionDefaults defaults,
            DataSource connections,
            AtomicReference<Optional<Problem>> held) {
        this.pool = pool;
        this.lent = lent;
        this.job = job;
        this.defaults = defaults;
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
        Pool pool = Pool.open(settings, order);
        return of(pool, pool.lent(), null, null, new AtomicReference<>(Optional.empty()));
    }

    private static Database of(
            Pool pool,
            DataSource lent,
            TransactionSettingsSource.@Nullable Chosen job,
            @Nullable SessionDefaults defaults,
            AtomicReference<Optional<Problem>> held) {
        DataSource settled = job == null
                ? new TransactionSettingsSource(lent, pool.sessions()::pooled, c -> own(pool.settings(), c))
                : new TransactionSettingsSource(lent, () -> true, job);
        return new Database(pool, lent, job, defaults, settled, held);
    }

    private static TransactionSettings own(DatabaseSettings settings, Connection connection) throws SQLException {
        return new SessionSettings(settings).session(SessionSource.version(connection));
    }

    /** The configured name. */
    public String name() {
        return pool.settings().name();
    }

    public DatabaseSettings settings() {
        return pool.settings();
    }

    /** For queries on Sluice's own tables and the catalog. */
    public DSLContext sql() {
        return sql;
    }

    /** The same database and pool, for those who wait no longer than this for a connection. */
    Database within(Duration patience) {
        return of(pool, pool.lent(patience), job, defaults, held);
    }

    /**
     * The same database by this one connection, for a piece of work that has it already: it must not ask the pool for
     * another. For one thread; what is connected is left open, and the caller gives it back.
     */
    public Database on(Connection connection) {
        return new Database(pool, lent, job, defaults, BorrowedConnection.source(connection), held);
    }

    /**
     * The same database and pool as a job's SQL sees it: each transaction begins with the limits that the engine needs,
     * {@code search_path} and {@code TimeZone} of the database and the role, and the job's settings.
     *
     * @param given the job's settings, by name
     * @throws SQLException when the database does not answer
     */
    public Database under(Map<String, String> given) throws SQLException {
        return under(given, defaults());
    }

    /** The same where database and role give these, whatever they give now. */
    public Database under(Map<String, String> given, SessionDefaults found) {
        SessionSettings all = new SessionSettings(settings());
        return of(
                pool,
                lent,
                connection -> all.job(
                                SessionSource.version(connection),
                                found.searchPath().value(),
                                found.timeZone().value())
                        .with(given),
                found,
                held);
    }

    /**
     * What database, role and server give a session; of a job's view, as it was when the view was made.
     *
     * @throws SQLException when the database does not answer
     */
    public SessionDefaults defaults() throws SQLException {
        if (defaults != null) {
            return defaults;
        }
        try (Connection connection = connect()) {
            return SessionDefaults.of(
                    connection, settings().url().matches(".*[?&](currentSchema=|options=.*search_path).*"));
        }
    }

    /** Whether a pooler stands between that gives a session to others between two transactions. */
    public boolean pooled() throws SQLException {
        if (!pool.sessions().known()) {
            pool.sessions()
                    .getConnection()
                    .close(); // not from the pool, which would try a wrong password until its time is over
        }
        return pool.sessions().pooled();
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
        return pool.hikari();
    }

    /** A pooled connection in auto-commit mode. */
    public Connection connect() throws SQLException {
        return connections.getConnection();
    }

    /**
     * A pooled connection in auto-commit mode on which a transaction begins with nothing: for a statement that brings
     * {@link #transactionSettings} itself, on the same way.
     */
    public Connection connectBare() throws SQLException {
        return lent.getConnection();
    }

    /** Closes a connection in place of giving it back: what its session has become, nobody knows. */
    public void drop(Connection connection) {
        Connection lentByPool = connection;
        while (lentByPool instanceof DefaultConnection wrapped) {
            lentByPool = wrapped.getDelegate();
        }
        pool.hikari().evictConnection(lentByPool); // which ignores one that it did not lend
    }

    /** For Flyway, behind a pooler; it takes several at a time, so not from the pool. */
    DataSource forFlyway() {
        return TransactionSettingsSource.forFlyway(pool.sessions(), connection -> own(settings(), connection));
    }

    /** What a transaction here is to begin with. */
    public TransactionSettings transactionSettings(Connection connection) throws SQLException {
        return job == null ? own(settings(), connection) : job.on(connection);
    }

    /**
     * What brings a session back to how it was opened, whatever a job's SQL has set in it: statements, each with its
     * semicolon. Empty behind a pooler, where the session is not ours.
     */
    public String restoringSql(Connection connection) throws SQLException {
        return pool.sessions().pooled()
                ? ""
                : "RESET ALL; DISCARD TEMP; UNLISTEN *; "
                        + own(settings(), connection).sessionSql() + ";";
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
                                + ". Nothing was changed; fix that, trying again will not help.",
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

    @Override
    public void close() {
        pool.hikari().close();
    }

    @Override
    public String toString() {
        return settings().toString();
    }
}
