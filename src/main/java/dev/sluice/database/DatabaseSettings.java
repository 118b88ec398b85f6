package dev.sluice.database;

import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import java.time.Duration;
import java.util.OptionalInt;

/**
 * How one database is reached, and the limits every session on it carries.
 *
 * @param name as job files name it
 * @param url JDBC URL, {@code jdbc:postgresql://host:5432/db}
 * @param user role that runs the batches
 * @param password never logged; empty for none
 * @param poolSize connections at most
 * @param lockTimeout {@code lock_timeout}; keep it below the server's {@code deadlock_timeout} (1 s unless changed), or
 *     the application may be chosen as a deadlock's victim
 * @param statementTimeout {@code statement_timeout}
 * @param idleInTransactionTimeout {@code idle_in_transaction_session_timeout}
 * @param transactionTimeout {@code transaction_timeout}, PostgreSQL 17 and newer; ignored by the server before
 * @param analyzeTimeout {@code statement_timeout} while ANALYZE runs
 * @param connectTimeout for a new connection, and for waiting for a pooled one
 * @param socketTimeout a connection that stays silent this long is given up; must be longer than the statements
 * @param cores of the server's machine, which PostgreSQL does not tell; empty where nobody said
 */
public record DatabaseSettings(
        String name,
        String url,
        String user,
        String password,
        int poolSize,
        Duration lockTimeout,
        Duration statementTimeout,
        Duration idleInTransactionTimeout,
        Duration transactionTimeout,
        Duration analyzeTimeout,
        Duration connectTimeout,
        Duration socketTimeout,
        OptionalInt cores) {

    /** Of a server whose cores nobody told. */
    public DatabaseSettings(
            String name,
            String url,
            String user,
            String password,
            int poolSize,
            Duration lockTimeout,
            Duration statementTimeout,
            Duration idleInTransactionTimeout,
            Duration transactionTimeout,
            Duration analyzeTimeout,
            Duration connectTimeout,
            Duration socketTimeout) {
        this(
                name,
                url,
                user,
                password,
                poolSize,
                lockTimeout,
                statementTimeout,
                idleInTransactionTimeout,
                transactionTimeout,
                analyzeTimeout,
                connectTimeout,
                socketTimeout,
                OptionalInt.empty());
    }

    /** With the documented defaults. */
    public static DatabaseSettings of(String name, String url, String user, String password) {
        DatabaseSettings d = of(name, SettingsReader.defaults().controlDatabase());
        return new DatabaseSettings(
                name,
                url,
                user,
                password,
                d.poolSize,
                d.lockTimeout,
                d.statementTimeout,
                d.idleInTransactionTimeout,
                d.transactionTimeout,
                d.analyzeTimeout,
                d.connectTimeout,
                d.socketTimeout,
                d.cores);
    }

    /** As the operator has set it for a database of this name. */
    public static DatabaseSettings of(String name, Settings.Database d) {
        return new DatabaseSettings(
                name,
                d.url(),
                d.user(),
                d.password().orElse(""),
                d.poolSize(),
                d.lockTimeout(),
                d.statementTimeout(),
                d.idleInTransactionTimeout(),
                d.transactionTimeout(),
                d.analyzeTimeout(),
                d.connectTimeout(),
                d.socketTimeout(),
                d.cores().map(OptionalInt::of).orElseGet(OptionalInt::empty));
    }

    /** The same, by another name and with another number of connections. */
    DatabaseSettings withPool(String otherName, int size) {
        return new DatabaseSettings(
                otherName,
                url,
                user,
                password,
                size,
                lockTimeout,
                statementTimeout,
                idleInTransactionTimeout,
                transactionTimeout,
                analyzeTimeout,
                connectTimeout,
                socketTimeout,
                cores);
    }

    /** Without the password. */
    @Override
    public String toString() {
        return "database " + name + " (" + url.replaceAll("[?].*$", "") + " as " + user + ")";
    }
}
