package dev.sluice.testing;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A PostgreSQL server of a test's own, with the settings it wants, and streaming replicas where it wants them. It
 * trusts whoever connects on the loopback address; {@code fsync} is off unless the settings say otherwise. Everything
 * that was started stops with {@link #close}, or with the JVM.
 */
public final class Primary implements AutoCloseable {
    private static final Map<String, String> ALWAYS = Map.of(
            "listen_addresses", "localhost",
            "unix_socket_directories", "",
            "fsync", "off",
            "max_connections", "200",
            "timezone", "UTC");

    /** Kept by a server for itself: a copy makes its own. */
    private static final Set<String> LEFT_OUT = Set.of("postmaster.pid", "postmaster.opts");

    private static final Set<String> LEFT_EMPTY = Set.of(
            "pg_wal",
            "pg_replslot",
            "pg_dynshmem",
            "pg_notify",
            "pg_serial",
            "pg_snapshots",
            "pg_stat_tmp",
            "pg_subtrans");

    private final Programs programs;
    private final Path folder;
    private final Instance instance;
    private final List<Replica> replicas = new ArrayList<>();

    private Primary(Programs programs, Path folder) {
        this.programs = programs;
        this.folder = folder;
        this.instance = new Instance(programs, folder.resolve("primary"));
    }

    /** Makes and starts one of the embedded server's version; see the other {@code start}. */
    public static Primary start(Path folder, Map<String, String> settings) {
        return start(Programs.embedded(), folder, settings);
    }

    /**
     * Makes and starts one.
     *
     * @param programs of the version it is to have
     * @param folder empty; everything is kept there, the replicas too
     * @param settings such as {@code archive_mode}
     */
    public static Primary start(Programs programs, Path folder, Map<String, String> settings) {
        Primary primary = new Primary(programs, folder);
        primary.instance.initialise();
        Map<String, String> all = new HashMap<>(ALWAYS);
        all.putAll(settings);
        all.put("port", Integer.toString(primary.instance.port()));
        primary.instance.set(all);
        primary.instance.start();
        return primary;
    }

    /** Its database {@code postgres}, as a superuser; the same after a stop. */
    public TestPostgres.Fresh database() {
        return instance.database();
    }

    /** Stops it as {@code pg_ctl stop} does; the data stays. */
    public void stop() {
        instance.stop("fast");
    }

    /** Starts it again after a stop. */
    public void startAgain() {
        instance.start();
    }

    /**
     * Makes a streaming replica from a copy of the data, and returns when it streams.
     *
     * @param name its {@code application_name}
     * @throws IllegalStateException when the copy or the start fails
     */
    public Replica replica(String name) {
        Instance copy = new Instance(programs, folder.resolve("replica" + replicas.size()));
        try (Connection connection = database().connect();
                Statement statement = connection.createStatement()) {
            // lasts as long as the session
            boolean renamed = connection.getMetaData().getDatabaseMajorVersion() >= 15;
            statement.execute("SELECT "
                    + (renamed ? "pg_backup_start('replica', true)" : "pg_start_backup('replica', true, false)"));
            copy(instance.data(), copy.data());
            try (var row = statement.executeQuery(
                    "SELECT labelfile FROM " + (renamed ? "pg_backup_stop(false)" : "pg_stop_backup(false, false)"))) {
                row.next();
                Files.writeString(copy.data().resolve("backup_label"), row.getString(1));
            }
            Files.createFile(copy.data().resolve("standby.signal"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        copy.set(Map.of(
                "port",
                Integer.toString(copy.port()),
                "wal_receiver_status_interval",
                "1s",
                "primary_conninfo",
                "host=localhost port=" + instance.port() + " user=postgres application_name=" + name));
        copy.start();
        Replica replica = new Replica(name, copy);
        replicas.add(replica);
        String count = Long.toString(
                replicas.stream().filter(r -> r.name().equals(name) && r.runs()).count());
        await().atMost(Duration.ofSeconds(60))
                .until(() -> database()
                        .value("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
                                + " AND application_name = '" + name + "'")
                        .equals(count));
        return replica;
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                Path inside = from.relativize(path);
                boolean kept = inside.getNameCount() > 1
                        && LEFT_EMPTY.contains(inside.getName(0).toString());
                if (!kept && !LEFT_OUT.contains(inside.toString())) {
                    copyOne(path, to.resolve(inside));
                }
            }
        }
        Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwx------"));
    }

    private static void copyOne(Path from, Path to) throws IOException {
        try {
            Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
        } catch (NoSuchFileException e) {
            // the server took it away meanwhile; the WAL knows of it
        }
    }

    @Override
    public void close() {
        replicas.forEach(Replica::close);
        instance.close();
    }
}
