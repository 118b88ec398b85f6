package dev.sluice.throttle;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * The cores of a server that nobody has told of. PostgreSQL does not tell them. This machine's are taken where the
 * server is on it. Amazon RDS and Aurora derive settings from the instance's vCPUs, by the default parameter groups:
 * {@code max_worker_processes} is {@code GREATEST(DBInstanceVCPU * 2, 8)} and {@code max_parallel_workers}
 * {@code GREATEST(DBInstanceVCPU / 2, 8)} (Amazon RDS User Guide, parameters of RDS for PostgreSQL). So 10 worker
 * processes and more tell them, as long as both settings agree; 8 tell that there are 4 at most, which is what is
 * assumed anyway.
 */
final class ServerCores {
    /** Whether the server, as it sees it, was reached from its own machine. */
    private static final Query NEAR = new Query("""
            SELECT coalesce(pg_catalog.inet_server_addr() <<= '127.0.0.0/8'
                         OR pg_catalog.inet_server_addr() = '::1', true)""");

    /** What the server was started with; empty where it is not Amazon's. */
    private static final Query OF_AMAZON = new Query("""
            SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser')
                        THEN (SELECT reset_val::int FROM pg_catalog.pg_settings WHERE name = 'max_worker_processes')
                        ELSE 0 END,
                   (SELECT reset_val::int FROM pg_catalog.pg_settings WHERE name = 'max_parallel_workers')""");

    /** A JDBC URL that leads to this machine and nowhere else; one that names no host does too. */
    private static final Pattern LOOPBACK =
            Pattern.compile("jdbc:postgresql:(//(localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1])?(:\\d+)?/.*|[^/].*)");

    /** Neither setting is less by Amazon's defaults. */
    private static final int LEAST = 8;

    private ServerCores() {}

    /** As far as they can be seen; empty where they have to be assumed. */
    static OptionalInt seen(Connection connection) throws SQLException {
        OptionalInt here = here(connection);
        return here.isPresent() ? here : OF_AMAZON.single(connection, row -> inferred(row.getInt(1), row.getInt(2)));
    }

    /** This machine's, where the server is on it: a tunnel or a proxy on this machine may lead elsewhere. */
    static OptionalInt here(Connection connection) throws SQLException {
        String url = String.valueOf(connection.getMetaData().getURL());
        return LOOPBACK.matcher(url).matches() && NEAR.single(connection, row -> row.getBoolean(1))
                ? OptionalInt.of(Runtime.getRuntime().availableProcessors())
                : OptionalInt.empty();
    }

    /**
     * By Amazon's defaults.
     *
     * @param workers {@code max_worker_processes}; 0 where the server is not Amazon's
     * @param parallel {@code max_parallel_workers}
     */
    static OptionalInt inferred(int workers, int parallel) {
        int cores = workers / 2;
        boolean byDefault = workers > LEAST && workers % 2 == 0 && parallel == Math.max(cores / 2, LEAST);
        return byDefault ? OptionalInt.of(cores) : OptionalInt.empty();
    }
}
