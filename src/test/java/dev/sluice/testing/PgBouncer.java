package dev.sluice.testing;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A real PgBouncer in front of a database, in transaction mode, as Debian has it. */
public final class PgBouncer implements AutoCloseable {
    private final Process process;
    private final TestPostgres.Fresh behind;

    private PgBouncer(Process process, TestPostgres.Fresh behind) {
        this.process = process;
        this.behind = behind;
    }

    /** The program, where one is on the path. */
    public static Optional<Path> program() {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)),
                        Stream.of("/usr/sbin"))
                .map(p -> Path.of(p, "pgbouncer"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Starts one.
     *
     * @param folder for its files
     * @param target its sessions go to
     * @param sessions of the server that its clients share
     */
    public static PgBouncer before(Path program, Path folder, TestPostgres.Fresh target, int sessions)
            throws IOException {
        URI url = URI.create(target.url().substring("jdbc:".length()));
        String name = url.getPath().substring(1);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path users = Files.writeString(
                folder.resolve("users.txt"), "\"" + target.user() + "\" \"" + target.password() + "\"\n");
        Path config = Files.writeString(folder.resolve("pgbouncer.ini"), """
                [databases]
                %s = host=%s port=%d
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = %d
                unix_socket_dir =
                auth_type = plain
                auth_file = %s
                pool_mode = transaction
                default_pool_size = %d
                max_client_conn = 200
                ignore_startup_parameters = extra_float_digits
                """.formatted(
                        name, url.getHost(), url.getPort(), port, users, sessions));
        folder.toFile().setReadable(true, false);
        folder.toFile().setExecutable(true, false);
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name", "").equals("root")) {
            command.addAll(List.of("unshare", "-U")); // it refuses to run as root
        }
        command.addAll(List.of(program.toString(), config.toString()));
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        var fresh = new TestPostgres.Fresh(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + name, target.user(), target.password());
        PgBouncer started = new PgBouncer(process, fresh);
        try {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
                if (!process.isAlive()) {
                    throw new IllegalStateException("pgbouncer ended: " + Files.readString(log));
                }
                return answers(fresh);
            });
            return started;
        } catch (RuntimeException e) {
            started.close();
            throw e;
        }
    }

    private static boolean answers(TestPostgres.Fresh fresh) {
        try (var connection = fresh.connect()) {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    /** The database through it, as other clients reach it. */
    public TestPostgres.Fresh database() {
        return behind;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
