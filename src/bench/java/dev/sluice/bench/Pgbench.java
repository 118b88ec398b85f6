package dev.sluice.bench;

import dev.sluice.testing.TestPostgres;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The application: pgbench, a process of its own with {@value #CLIENTS} sessions. */
final class Pgbench implements AutoCloseable {
    static final int CLIENTS = 8;
    static final int SCALE = 20;

    private final Process process;
    private final Path folder;

    private Pgbench(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
    }

    /**
     * Finds it on this machine.
     *
     * @throws IOException saying what to install
     */
    static Path find() throws IOException {
        String path = System.getenv("PATH");
        return find(Path.of("/usr/lib/postgresql"), path == null ? "" : path);
    }

    /**
     * Finds it: the newest below Debian's folder, or the first on the path.
     *
     * @param versions holds a folder for each version of PostgreSQL, with a {@code bin} in it; need not exist
     * @param path folders, as in the environment variable PATH
     */
    static Path find(Path versions, String path) throws IOException {
        List<Path> candidates = new ArrayList<>();
        if (Files.isDirectory(versions)) {
            try (Stream<Path> there = Files.list(versions)) {
                there.filter(v -> v.getFileName().toString().matches("\\d{1,4}"))
                        .sorted(Comparator.comparingInt((Path v) ->
                                        Integer.parseInt(v.getFileName().toString()))
                                .reversed())
                        .forEach(v -> candidates.add(v.resolve("bin").resolve("pgbench")));
            }
        }
        for (String folder : path.split(File.pathSeparator)) {
            candidates.add(Path.of(folder.isEmpty() ? "." : folder).resolve("pgbench"));
        }
        return candidates.stream()
                .filter(p -> Files.isRegularFile(p) && Files.isExecutable(p))
                .findFirst()
                .orElseThrow(() -> new IOException("there is no pgbench in " + versions
                        + "/*/bin and none on the path. It comes with PostgreSQL's server. Install it:"
                        + " sudo apt-get install postgresql (Debian, Ubuntu), sudo dnf install postgresql-contrib"
                        + " (Fedora), brew install postgresql@18 (macOS; put its bin folder on the PATH)"));
    }

    /** Makes its tables, {@value #SCALE} times 100,000 accounts. */
    static void create(TestPostgres.Fresh database, Path folder) throws IOException, InterruptedException {
        try (var making = launch(database, folder, List.of("--initialize", "--quiet", "--scale=" + SCALE))) {
            making.awaitEnd(Duration.ofMinutes(5));
        }
        database.run("CREATE EXTENSION pg_prewarm");
    }

    /** Reads what it works on into the server's cache. */
    static void preload(TestPostgres.Fresh database) {
        database.run("SELECT pg_prewarm(r) FROM unnest(ARRAY"
                + "['pgbench_accounts', 'pgbench_accounts_pkey', 'app.people_pkey']::regclass[]) AS r");
    }

    /**
     * As many transactions a second as it gets through when all sessions are always busy.
     *
     * @param warmUp not counted
     * @param counted after that
     */
    static double maximum(
            TestPostgres.Fresh database, Path folder, List<String> scenario, Duration warmUp, Duration counted)
            throws IOException, InterruptedException {
        try (var app = start(database, folder, scenario, warmUp.plus(counted).plusSeconds(1))) {
            Instant from = Instant.now().plus(warmUp);
            app.awaitEnd(Duration.ofMinutes(2));
            var phase = new Phase(from, from.plus(counted));
            return app.log().of(phase).transactions() / phase.seconds();
        }
    }

    /**
     * Starts it at a rate.
     *
     * @param rate transactions a second that are due, at random moments (Poisson)
     * @param atMost it ends by itself after that
     */
    static Pgbench start(TestPostgres.Fresh database, Path folder, List<String> scenario, double rate, Duration atMost)
            throws IOException {
        var options = new ArrayList<>(scenario);
        options.add("--rate=" + rate);
        return start(database, folder, options, atMost);
    }

    private static Pgbench start(TestPostgres.Fresh database, Path folder, List<String> scenario, Duration atMost)
            throws IOException {
        Files.createDirectories(folder);
        TransactionLog.delete(prefix(folder));
        var options = new ArrayList<>(scenario);
        options.addAll(List.of(
                "--no-vacuum",
                "--client=" + CLIENTS,
                "--jobs=2",
                "--time=" + atMost.toSeconds(),
                "--log",
                "--log-prefix=" + prefix(folder)));
        return launch(database, folder, options);
    }

    private static Path prefix(Path folder) {
        return folder.resolve("transactions");
    }

    private static Pgbench launch(TestPostgres.Fresh database, Path folder, List<String> options) throws IOException {
        Files.createDirectories(folder);
        URI at = URI.create(database.url().substring("jdbc:".length()));
        List<String> command = new ArrayList<>();
        command.add(find().toString());
        command.addAll(options);
        command.addAll(List.of(
                "--host=" + at.getHost(),
                "--port=" + at.getPort(),
                "--username=" + database.user(),
                at.getPath().substring(1)));
        var builder = new ProcessBuilder(command);
        builder.environment().put("PGPASSWORD", database.password());
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve("pgbench.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return new Pgbench(process, folder);
    }

    /** Whether it is still at work. */
    boolean isAlive() {
        return process.isAlive();
    }

    /**
     * Ends it before its time, as its own alarm does: each session finishes its transaction, and the log is whole.
     *
     * @throws IOException where it had failed, with what it said
     */
    TransactionLog end() throws IOException, InterruptedException {
        new ProcessBuilder("/bin/sh", "-c", "kill -ALRM " + process.pid())
                .start()
                .waitFor();
        awaitEnd(Duration.ofMinutes(1));
        return log();
    }

    private TransactionLog log() throws IOException {
        return TransactionLog.read(prefix(folder));
    }

    private void awaitEnd(Duration patience) throws IOException, InterruptedException {
        Path said = folder.resolve("pgbench.log");
        if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("pgbench has not ended after " + patience.toSeconds() + " s: see " + said);
        }
        if (process.exitValue() != 0) {
            List<String> lines = Files.readAllLines(said);
            throw new IOException("pgbench ended with exit code " + process.exitValue() + ": "
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size())));
        }
    }

    @Override
    public void close() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }
}
