package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.bench.Contender.Marks;
import dev.sluice.bench.Contender.Timing;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Sluice as a user has it: the packaged worker, a process of its own started by {@code ./sluice worker} with the
 * launcher's own memory options and default settings, a job file, and one HTTP request. Timed: the migrate pass, from
 * {@code sluice.pass.started_at} to {@code finished_at}; verification follows, and is told apart.
 */
final class SluiceWorker implements AutoCloseable {
    private static final String JOB = "people-full-name";
    private static final Duration PATIENCE = Duration.ofMinutes(30);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Process process;
    private final int port;
    private final Path log;

    private SluiceWorker(Process process, int port, Path log) {
        this.process = process;
        this.port = port;
        this.log = log;
    }

    /**
     * Sluice with these lines in {@code migrate}.
     *
     * @param server whose WAL is looked into
     * @param folder for job file and log
     * @param more lines of the job file's {@code migrate}, such as {@code partitions: 2}
     */
    static Contender.Work with(BenchServer server, Path folder, String... more) {
        return (database, marks) -> {
            Files.createDirectories(folder);
            Files.writeString(
                    folder.resolve(JOB + ".yaml"),
                    "job: " + JOB + "\nmigrate:\n  table: app.people\n  set: { full_name: \"" + People.EXPRESSION
                            + "\" }\n  where: full_name IS NULL\n"
                            + String.join("\n", more).indent(2));
            try (SluiceWorker worker = start(database, folder)) {
                worker.awaitJob();
                marks.begin();
                return worker.run(server, database, marks);
            }
        };
    }

    private static SluiceWorker start(TestPostgres.Fresh database, Path folder) throws IOException {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path home = Path.of(System.getProperty("sluice.home", "."));
        Path log = folder.resolve("worker.log");
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("sluice").toAbsolutePath().toString(), "worker");
        var environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("SLUICE_"));
        environment.put("SLUICE_DATABASES_MAIN_URL", database.url());
        environment.put("SLUICE_DATABASES_MAIN_USER", database.user());
        environment.put("SLUICE_DATABASES_MAIN_PASSWORD", database.password());
        environment.put("SLUICE_JOBS", folder.toAbsolutePath().toString());
        environment.put("SLUICE_HTTP_PORT", Integer.toString(port));
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()))
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return new SluiceWorker(process, port, log);
    }

    private void awaitJob() throws IOException, InterruptedException {
        long patience = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        while (send("GET", "/health/ready") != 200 || send("GET", "/api/v1/jobs/" + JOB) != 200) {
            if (!process.isAlive() || System.nanoTime() > patience) {
                throw new IOException("the worker has no such job: see " + log);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private Timing run(BenchServer server, TestPostgres.Fresh database, Marks marks)
            throws IOException, InterruptedException {
        long begin = System.nanoTime();
        String from = database.value("SELECT pg_current_wal_lsn()");
        HttpResponse<String> started = exchange("POST", "/api/v1/jobs/" + JOB + "/runs");
        if (started.statusCode() != 202) {
            throw new IOException(started.statusCode() + " " + started.body());
        }
        String run = JSON.readTree(started.body()).at("/run/id").asText();
        Pace pace = Pace.watch(database, run, PATIENCE);
        marks.end();
        String to = database.value("SELECT pg_current_wal_lsn()");
        awaitSuccess(run, begin);
        double whole = (System.nanoTime() - begin) / 1e9;
        double resident = residentMiB();
        return new Timing(
                pace.seconds(),
                new Contender.Worker(
                        pace.steadyRate(), resident, pace.batches(), server.checkpointWal(database, from, to), whole));
    }

    private void awaitSuccess(String run, long begin) throws IOException, InterruptedException {
        while (true) {
            JsonNode now = JSON.readTree(exchange("GET", "/api/v1/runs/" + run).body());
            switch (now.at("/state").asText()) {
                case "succeeded" -> {
                    return;
                }
                case "queued", "running", "verifying", "sweeping" -> TimeUnit.MILLISECONDS.sleep(50);
                default -> throw new IOException("the run is not succeeded: " + now);
            }
            if (System.nanoTime() - begin > PATIENCE.toNanos()) {
                throw new IOException("the run is not over after " + PATIENCE + ": " + now);
            }
        }
    }

    /** The kernel's high-water mark of the process; NaN where there is no /proc. */
    private double residentMiB() throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.isReadable(status)) {
            return Double.NaN;
        }
        String line = Files.readAllLines(status).stream()
                .filter(l -> l.startsWith("VmHWM:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
    }

    /** The status, or -1 while nobody listens. */
    private int send(String method, String path) throws IOException, InterruptedException {
        try {
            return exchange(method, path).statusCode();
        } catch (ConnectException e) {
            return -1;
        }
    }

    private HttpResponse<String> exchange(String method, String path) throws IOException, InterruptedException {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
