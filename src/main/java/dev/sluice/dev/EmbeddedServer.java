package dev.sluice.dev;

import dev.sluice.problem.Problem;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A PostgreSQL of our own, whose data survives restarts. It listens on the loopback address only, on a free port,
 * trusts whoever connects there, and writes to disk as a real server does (fsync on).
 */
public final class EmbeddedServer implements AutoCloseable {
    /** For a stop, and for a start: recovery after a kill takes a while. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String VERSION = "18";
    private static final String DATABASE = "sluice";
    private static final String USER = "postgres";

    private final EmbeddedPostgres server;
    private final OneInstance instance;
    private final StateFolder folder;

    private EmbeddedServer(EmbeddedPostgres server, OneInstance instance, StateFolder folder) {
        this.server = server;
        this.instance = instance;
        this.folder = folder;
    }

    /**
     * Starts the server. What a killed predecessor left behind, a running server included, is ended first.
     *
     * @param folder where data and programs are kept
     * @param fresh whether to throw the data away and start over
     * @throws Problem CONFLICT {@code already-running} while another instance uses the folder, {@code other-version}
     *     for data of another PostgreSQL; UNAVAILABLE {@code server-not-started} with the server's own words,
     *     {@code root-refused} as root where user namespaces are not allowed
     */
    public static EmbeddedServer start(StateFolder folder, boolean fresh) {
        return start(folder, fresh, PATIENCE);
    }

    static EmbeddedServer start(StateFolder folder, boolean fresh, Duration patience) {
        refuseWhereImpossible();
        OneInstance instance = OneInstance.enter(folder);
        try {
            Postmaster.of(folder).ifPresent(left -> left.stop(PATIENCE));
            Postmaster.awaitBurial(folder, PATIENCE);
            if (fresh || !Files.exists(folder.complete())) {
                delete(folder.data());
                Files.deleteIfExists(folder.complete());
            }
            refuseOtherVersion(folder.data());
            EmbeddedPostgres server = launch(folder, patience);
            if (!Files.exists(folder.complete())) {
                Files.createFile(folder.complete());
            }
            return new EmbeddedServer(server, instance, folder);
        } catch (IOException e) {
            instance.close();
            throw new UncheckedIOException("cannot use " + folder.root() + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            instance.close();
            throw e;
        }
    }

    /** JDBC URL of the database, without credentials. */
    public String url() {
        return urlOf(server.getPort(), DATABASE);
    }

    /** A superuser. */
    public String user() {
        return USER;
    }

    /** Its password: none is asked for. */
    public String password() {
        return "";
    }

    /** What {@code psql} takes. */
    public String psqlUrl() {
        return "postgresql://" + USER + "@localhost:" + server.getPort() + "/" + DATABASE;
    }

    /** Stops the server and waits until it is gone; the data stays. */
    @Override
    public void close() {
        try {
            server.close(); // gives up waiting after 5 s; a last checkpoint may take longer
            Postmaster.of(folder).ifPresent(process -> {
                if (!process.awaitEnd(PATIENCE)) {
                    process.stop(PATIENCE);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            instance.close();
        }
    }

    private static EmbeddedPostgres launch(StateFolder folder, Duration patience) {
        try {
            Files.deleteIfExists(folder.log());
            Files.createDirectories(folder.binaries());
            var toLog = ProcessBuilder.Redirect.appendTo(folder.log().toFile());
            EmbeddedPostgres server = EmbeddedPostgres.builder()
                    .setOverrideWorkingDirectory(folder.binaries().toFile())
                    .setDataDirectory(folder.data())
                    .setCleanDataDirectory(false)
                    .setRegisterShutdownHook(false) // the worker has to end before its database does
                    .setPGStartupWait(patience)
                    .setOutputRedirector(toLog)
                    .setErrorRedirector(toLog)
                    .setLocaleConfig("locale", "C")
                    .setLocaleConfig("locale-provider", "builtin")
                    .setLocaleConfig("builtin-locale", "C.UTF-8")
                    .setServerConfig("fsync", "on") // the library has this and the next one off
                    .setServerConfig("synchronous_commit", "on")
                    .setServerConfig("max_connections", "100")
                    .setServerConfig("listen_addresses", "localhost")
                    .setServerConfig("unix_socket_directories", "")
                    .setServerConfig("max_wal_size", "2GB")
                    .setServerConfig("timezone", "UTC")
                    .start();
            createDatabase(server.getPort(), folder.data());
            return server;
        } catch (IOException | SQLException | IllegalStateException e) {
            Postmaster.of(folder).ifPresent(half -> half.stop(PATIENCE));
            throw notStarted(folder, e);
        }
    }

    private static Problem notStarted(StateFolder folder, Exception cause) {
        String words;
        try (Stream<String> lines = Files.lines(folder.log())) {
            List<String> all = lines.filter(line -> !line.isBlank()).toList();
            words = String.join("\n", all.subList(Math.max(0, all.size() - 8), all.size()));
        } catch (IOException | UncheckedIOException noLog) {
            words = String.valueOf(cause.getMessage());
        }
        return new Problem(
                Problem.Kind.UNAVAILABLE,
                "server-not-started",
                "The embedded PostgreSQL did not start (" + cause.getMessage() + "). It said:\n" + words
                        + "\nIf its data is damaged, start over with --fresh; its log is " + folder.log());
    }

    private static void refuseWhereImpossible() {
        boolean linux = System.getProperty("os.name", "").equals("Linux");
        if (linux && System.getProperty("user.name", "").equals("root") && !LinuxUtils.isUnshareAvailable()) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "root-refused",
                    "PostgreSQL refuses to run as root, and this machine does not allow `unshare -U`, which would get"
                            + " around that. Run it as an ordinary user.");
        }
    }

    private static void refuseOtherVersion(Path data) throws IOException {
        Path file = data.resolve("PG_VERSION");
        if (Files.exists(file) && !Files.readString(file).strip().equals(VERSION)) {
            throw new Problem(
                    Problem.Kind.CONFLICT,
                    "other-version",
                    "The data in " + data + " was made by PostgreSQL "
                            + Files.readString(file).strip() + ", and the embedded server is " + VERSION
                            + ". Start over with --fresh.");
        }
    }

    private static void createDatabase(int port, Path data) throws SQLException, IOException {
        try (Connection connection = DriverManager.getConnection(urlOf(port, "postgres"), USER, "");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT current_setting('data_directory'),"
                        + " EXISTS (SELECT FROM pg_database WHERE datname = '" + DATABASE + "')")) {
            row.next();
            if (!Files.isSameFile(Path.of(row.getString(1)), data)) {
                throw new IllegalStateException("another server, on " + row.getString(1) + ", took port " + port);
            }
            if (!row.getBoolean(2)) {
                try (Statement create = connection.createStatement()) {
                    create.execute("CREATE DATABASE " + DATABASE);
                }
            }
        }
    }

    private static String urlOf(int port, String database) {
        return "jdbc:postgresql://localhost:" + port + "/" + database;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> all = Files.walk(folder)) {
            deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : deepestFirst) {
            Files.delete(path);
        }
    }
}
