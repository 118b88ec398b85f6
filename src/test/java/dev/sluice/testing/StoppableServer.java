package dev.sluice.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A PostgreSQL that a test may stop as a crash would, and start again on the same data and port. It writes as a
 * production server does: fsync and synchronous_commit are on, so what it has confirmed outlives the stop.
 */
public final class StoppableServer implements AutoCloseable {
    private final Path data;
    private final int port;
    private EmbeddedPostgres server;

    private StoppableServer(Path data, int port) throws IOException {
        this.data = data;
        this.port = port;
        this.server = launch();
    }

    /**
     * Starts one.
     *
     * @param data folder for its data; made if it is not there
     */
    public static StoppableServer start(Path data) throws IOException {
        try (var free = new ServerSocket(0)) {
            int port = free.getLocalPort();
            free.close();
            return new StoppableServer(data, port);
        }
    }

    private EmbeddedPostgres launch() throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPort(port)
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("max_connections", "200")
                .setPGStartupWait(Duration.ofSeconds(60))
                .start();
    }

    /** How to reach its database {@code postgres}; the same before and after a stop. */
    public TestPostgres.Fresh database() {
        return new TestPostgres.Fresh("jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres");
    }

    /** As {@code pg_ctl stop -m immediate} does: every process of it ends at once, nothing is written down any more. */
    public void stopImmediately() throws IOException, InterruptedException {
        long pid = Long.parseLong(
                Files.readAllLines(data.resolve("postmaster.pid")).getFirst().strip());
        ProcessHandle postmaster = ProcessHandle.of(pid).orElseThrow();
        Process kill = new ProcessBuilder("kill", "-QUIT", Long.toString(pid))
                .inheritIO()
                .start();
        if (kill.waitFor() != 0) {
            throw new IllegalStateException("process " + pid + " could not be signalled");
        }
        try {
            postmaster.onExit().get(20, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new IllegalStateException("the server did not stop", e);
        }
    }

    /** Starts it again after a stop; returns when it has recovered and answers. */
    public void startAgain() throws IOException {
        server.close(); // what is left of the stopped one in this JVM
        server = launch();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
