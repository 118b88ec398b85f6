package dev.sluice.database;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Locale;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Connections for the migrations, which leave out {@code CREATE SCHEMA IF NOT EXISTS sluice}. The first migration of
 * each part begins with it, and a migration that has been applied is never edited. Flyway has seen to the schema before
 * that, so there it never does anything; but the server asks for CREATE on the database before it looks whether the
 * schema is there, and a role that owns nothing but the schema would be refused.
 */
final class SchemaGiven {
    private static final String LEFT_OUT = "create schema if not exists sluice";

    private SchemaGiven() {}

    static DataSource of(DatabaseSettings settings) {
        var direct = new PGSimpleDataSource();
        direct.setUrl(settings.url());
        direct.setUser(settings.user());
        direct.setPassword(settings.password());
        return in(direct);
    }

    /** The same by connections that somebody else gives. */
    static DataSource in(DataSource given) {
        return wrapped(DataSource.class, given);
    }

    /** The same, whose connections and statements are wrapped too. */
    private static <T> T wrapped(Class<T> type, T wrapped) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (wrapped instanceof Statement
                    && method.getName().startsWith("execute")
                    && arguments != null
                    && arguments[0] instanceof String sql
                    && isLeftOut(sql)) {
                arguments[0] = ""; // an empty statement does nothing, and answers as any that gives no rows
            }
            try {
                Object result = method.invoke(wrapped, arguments);
                if (result instanceof Connection connection && method.getReturnType() == Connection.class) {
                    return wrapped(Connection.class, connection);
                }
                return result != null && method.getReturnType() == Statement.class
                        ? wrapped(Statement.class, (Statement) result)
                        : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(SchemaGiven.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static boolean isLeftOut(String sql) {
        String bare = sql.replaceAll("(?m)^\\s*--.*$", ""); // Flyway sends the comments before it, too
        return bare.strip()
                .replaceAll("\\s+", " ")
                .replaceAll(";$", "")
                .toLowerCase(Locale.ROOT)
                .equals(LEFT_OUT);
    }
}
