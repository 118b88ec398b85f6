package dev.sluice.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * One PostgreSQL per test JVM: a container where a Docker daemon answers, the embedded server otherwise
 * ({@code -Dsluice.test.postgres=embedded|container} decides by hand). Each {@link #create} makes a database of its
 * own. {@code -Dembedded-postgres-binaries.version=14.24.0} has the embedded server of an older version: what that
 * cannot do is skipped.
 */
public final class TestPostgres {
    static final String IMAGE = "postgres:18";

    /** What PostgreSQL 14 lacks: there a session sends its statistics half a second after the last time. */
    private static final String FLUSH = "CREATE FUNCTION public.pg_stat_force_next_flush() RETURNS void LANGUAGE sql AS"
            + " 'SELECT pg_catalog.pg_sleep(0.6)'";

    private static final AtomicInteger COUNT = new AtomicInteger();

    private TestPostgres() {}

    /**
     * A fresh, empty database, and how to reach it.
     *
     * @param url JDBC URL without credentials
     * @param user a superuser
     * @param password its password
     */
    public record Fresh(String url, String user, String password) {

        /** A plain connection of the superuser. */
        public Connection connect() throws SQLException {
            return DriverManager.getConnection(url, user, password);
        }

        /** Runs statements, each in its own transaction. */
        public void run(String... statements) {
            try (Connection c = connect();
                    Statement s = c.createStatement()) {
                for (String sql : statements) {
                    s.execute(sql);
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e.getMessage() + " in " + List.of(statements), e);
            }
        }

        /** As a superuser of this name, by which its sessions can be told apart; made if it is not there. */
        public Fresh as(String name) {
            if (value("SELECT count(*) FROM pg_roles WHERE rolname = '" + name + "'")
                    .equals("0")) {
                run("CREATE ROLE \"" + name + "\" SUPERUSER LOGIN PASSWORD '" + name + "'");
            }
            return new Fresh(url, name, name);
        }

        /** The server's, such as 18. */
        public int version() {
            return Integer.parseInt(value("SHOW server_version_num")) / 10_000;
        }

        /** The first column of the first row, as text; "null" for SQL NULL. */
        public String value(String sql) {
            try (Connection c = connect();
                    Statement s = c.createStatement();
                    var rows = s.executeQuery(sql)) {
                if (!rows.next()) {
                    throw new IllegalStateException("no row: " + sql);
                }
                return String.valueOf(rows.getString(1));
            } catch (SQLException e) {
                throw new IllegalStateException(e.getMessage() + " in " + sql, e);
            }
        }
    }

    /** A fresh database on the JVM's one server, which is started by the first call and ends with the JVM. */
    public static Fresh create() {
        String name = "t" + ProcessHandle.current().pid() + "_" + COUNT.incrementAndGet();
        new Fresh(Server.URL + "postgres", Server.USER, Server.PASSWORD).run("CREATE DATABASE " + name);
        var fresh = new Fresh(Server.URL + name, Server.USER, Server.PASSWORD);
        if (fresh.version() < 15) {
            fresh.run(FLUSH);
        }
        return fresh;
    }

    /** Started when first used. */
    private static final class Server {
        static final String URL;
        static final String USER = "postgres";
        static final String PASSWORD = "postgres";

        static {
            String wish = System.getProperty("sluice.test.postgres", "");
            URL = switch (wish) {
                case "embedded" -> startEmbedded();
                case "container" -> startContainer();
                case "" -> containerOrEmbedded();
                default ->
                    throw new IllegalStateException(
                            "-Dsluice.test.postgres=" + wish + " is neither embedded nor container");
            };
        }

        private static String containerOrEmbedded() {
            Optional<String> lacking = Docker.lacks(IMAGE);
            if (lacking.isEmpty()) {
                return startContainer();
            }
            System.out.println("TestPostgres: no container, because " + lacking.get());
            return startEmbedded();
        }

        @SuppressWarnings("resource") // the container ends with the JVM
        private static String startContainer() {
            var container = new PostgreSQLContainer(IMAGE)
                    .withUsername(USER)
                    .withPassword(PASSWORD)
                    .withDatabaseName("postgres")
                    .withCommand(
                            "postgres",
                            "-c",
                            "fsync=off",
                            "-c",
                            "max_connections=200",
                            "-c",
                            "max_prepared_transactions=10");
            container.start();
            System.out.println("TestPostgres: a container of " + IMAGE);
            Runtime.getRuntime().addShutdownHook(new Thread(container::stop));
            return "jdbc:postgresql://" + container.getHost() + ":" + container.getMappedPort(5432) + "/";
        }

        private static String startEmbedded() {
            try {
                EmbeddedPostgres server = EmbeddedPostgres.builder()
                        .setServerConfig("fsync", "off")
                        .setServerConfig("synchronous_commit", "on")
                        .setServerConfig("max_connections", "200")
                        .setServerConfig("max_prepared_transactions", "10")
                        .start();
                String url = "jdbc:postgresql://localhost:" + server.getPort() + "/";
                System.out.println("TestPostgres: the embedded server, PostgreSQL "
                        + new Fresh(url + "postgres", USER, PASSWORD).version());
                return url;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
