package dev.sluice.database;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Connections on which every transaction begins with settings of its own, in the way of {@link TransactionSettings}:
 * behind a pooler, where a session is shared, and for statements with a job's SQL. A statement in auto-commit mode is a
 * transaction too. They cost such a statement two round trips more.
 */
final class TransactionSettingsSource extends PlainSource {
    private static final String READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ";

    private final DataSource pool;
    private final BooleanSupplier needed;
    private final Chosen settings;
    private final UnaryOperator<String> words;

    /** The settings of a connection's transactions. */
    interface Chosen {
        /** Those for this server. */
        TransactionSettings on(Connection connection) throws SQLException;
    }

    /**
     * @param pool lends the connections
     * @param needed whether a connection is settled; else it is handed on as it is
     * @param settings of the transactions
     */
    TransactionSettingsSource(DataSource pool, BooleanSupplier needed, Chosen settings) {
        this(pool, needed, settings, UnaryOperator.identity());
    }

    private TransactionSettingsSource(
            DataSource pool, BooleanSupplier needed, Chosen settings, UnaryOperator<String> words) {
        this.words = words;
        this.pool = pool;
        this.needed = needed;
        this.settings = settings;
    }

    /** For Flyway, which sets a path and a role for its sessions: here for the transaction alone. */
    static TransactionSettingsSource forFlyway(DataSource pool, Chosen settings) {
        return new TransactionSettingsSource(
                pool,
                () -> true,
                settings,
                sql -> sql.replace("set_config('search_path', ?, false)", "set_config('search_path', ?, true)")
                        .replaceFirst("^SET ROLE ", "SET LOCAL ROLE "));
    }

    @Override
    public Connection getConnection() throws SQLException {
        Connection connection = pool.getConnection();
        if (!needed.getAsBoolean()) {
            return connection;
        }
        try {
            connection.setAutoCommit(false);
            return new Settled(
                            connection, READ_COMMITTED + settings.on(connection).sql(), words)
                    .proxy;
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /** One connection until it goes back to the pool. */
    private static final class Settled implements InvocationHandler {
        private final Connection connection;
        private final String begin;
        private final UnaryOperator<String> words;
        private final Connection proxy;
        private boolean autoCommit = true;
        private boolean begun;

        Settled(Connection connection, String begin, UnaryOperator<String> words) {
            this.words = words;
            this.connection = connection;
            this.begin = begin;
            this.proxy = proxy(Connection.class, this);
        }

        @Override
        public @Nullable Object invoke(Object self, Method method, Object @Nullable [] args) throws Throwable {
            return switch (method.getName()) {
                case "getAutoCommit" -> autoCommit;
                case "setAutoCommit" -> {
                    if (begun) {
                        commit();
                    }
                    autoCommit = args != null && Boolean.TRUE.equals(args[0]);
                    yield null;
                }
                case "commit" -> {
                    commit();
                    yield null;
                }
                case "rollback" -> {
                    if (args != null && args.length == 1) {
                        connection.rollback((Savepoint) args[0]);
                    } else {
                        rollback();
                    }
                    yield null;
                }
                case "setSavepoint" -> {
                    begin();
                    yield call(connection, method, args);
                }
                case "close" -> {
                    if (begun && !connection.isClosed()) {
                        rollback();
                    }
                    connection.close();
                    yield null;
                }
                case "createStatement" -> statement(Statement.class, call(connection, method, args));
                case "prepareStatement" -> statement(PreparedStatement.class, call(connection, method, said(args)));
                case "prepareCall" -> statement(CallableStatement.class, call(connection, method, args));
                default -> plain(self, connection, method, args);
            };
        }

        private Object @Nullable [] said(Object @Nullable [] args) {
            if (args != null && args.length > 0 && args[0] instanceof String sql) {
                args[0] = words.apply(sql);
            }
            return args;
        }

        private void begin() throws SQLException {
            if (!begun) {
                try (Statement statement = connection.createStatement()) {
                    begun = true;
                    statement.execute(begin);
                } catch (SQLException e) {
                    rollback();
                    throw e;
                }
            }
        }

        private void commit() throws SQLException {
            begun = false;
            connection.commit();
        }

        private void rollback() throws SQLException {
            begun = false;
            connection.rollback();
        }

        private <T extends Statement> Object statement(Class<T> type, @Nullable Object statement) {
            InvocationHandler handler = (self, method, args) -> {
                if (method.getName().equals("getConnection")) {
                    return proxy;
                }
                if (!method.getName().startsWith("execute")) {
                    return plain(self, statement, method, args);
                }
                begin();
                Object result;
                try {
                    result = call(statement, method, said(args));
                } catch (SQLException e) {
                    if (autoCommit && !connection.isClosed()) {
                        rollback();
                    }
                    throw e;
                }
                if (autoCommit) {
                    commit(); // the driver has read the rows already
                }
                return result;
            };
            return proxy(type, handler);
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object plain(Object self, @Nullable Object target, Method method, Object @Nullable [] args)
            throws Throwable {
        return switch (method.getName()) {
            case "equals" -> args != null && args[0] == self;
            case "hashCode" -> System.identityHashCode(self);
            default -> call(target, method, args);
        };
    }

    private static @Nullable Object call(@Nullable Object target, Method method, Object @Nullable [] args)
            throws Throwable {
        try {
            return method.invoke(target, args);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }
}
