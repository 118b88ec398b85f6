package dev.sluice.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.stream.Collectors;

/** One server process on a data folder and port of its own, which can be stopped and started again. */
final class Instance implements AutoCloseable {
    private final Programs programs;
    private final Path folder;
    private final int port;
    private boolean running;

    /** @param folder holds the data folder and what the programs print; made if it is not there */
    Instance(Programs programs, Path folder) {
        this.programs = programs;
        this.folder = folder;
        try (var free = new ServerSocket(0)) {
            this.port = free.getLocalPort();
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // a JVM that is told to stop must not leave servers behind
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    Path data() {
        return folder.resolve("data");
    }

    int port() {
        return port;
    }

    synchronized boolean runs() {
        return running;
    }

    /** Makes an empty data folder. */
    void initialise() {
        programs.run(
                output(),
                "initdb",
                "-D",
                data().toString(),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync");
    }

    /** Settings that win over those before them. */
    void set(Map<String, String> settings) {
        String lines = settings.entrySet().stream()
                .map(e -> e.getKey() + " = '" + e.getValue().replace("'", "''") + "'\n")
                .collect(Collectors.joining());
        try {
            Files.writeString(
                    data().resolve("postgresql.auto.conf"),
                    lines,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns when it answers. */
    synchronized void start() {
        String log = folder.resolve("server.log").toString();
        running = true;
        programs.run(output(), "pg_ctl", "-D", data().toString(), "-l", log, "-w", "-t", "60", "start");
    }

    /** @param mode {@code fast}, or {@code immediate}, which is as a crash */
    synchronized void stop(String mode) {
        if (running) {
            running = false;
            programs.run(output(), "pg_ctl", "-D", data().toString(), "-m", mode, "-w", "-t", "60", "stop");
        }
    }

    TestPostgres.Fresh database() {
        return new TestPostgres.Fresh("jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "");
    }

    private Path output() {
        return folder.resolve("programs.log");
    }

    @Override
    public void close() {
        stop("immediate");
    }
}
