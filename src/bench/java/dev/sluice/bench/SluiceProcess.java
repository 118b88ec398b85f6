package dev.sluice.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A worker as a user has it: packaged, a process of its own started by {@code ./sluice worker} with the launcher's own
 * memory options and default settings, reached by HTTP alone.
 */
final class SluiceProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Process process;
    private final int port;
    private final Path log;

    private SluiceProcess(Process process, int port, Path log) {
        this.process = process;
        this.port = port;
        this.log = log;
    }

    /**
     * Writes a job file that fills the names of {@link People}.
     *
     * @param folder where the worker looks for job files
     * @param job its name
     * @param more lines of {@code migrate}, such as {@code partitions: 2}
     */
    static void define(Path folder, String job, String... more) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve(job + ".yaml"),
                "job: " + job + "\nmigrate:\n  table: app.people\n  set: { full_name: \"" + People.EXPRESSION
                        + "\" }\n  where: full_name IS NULL\n"
                        + String.join("\n", more).indent(2));
    }

    /**
     * Starts one.
     *
     * @param folder of its job files; its log goes there, too
     */
    static SluiceProcess start(TestPostgres.Fresh database, Path folder) throws IOException {
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
        return new SluiceProcess(process, port, log);
    }

    /** Waits until it is ready and offers the job. */
    void awaitJob(String job) throws IOException, InterruptedException {
        long patience = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        while (status("/health/ready") != 200 || status("/api/v1/jobs/" + job) != 200) {
            if (!process.isAlive() || System.nanoTime() > patience) {
                throw new IOException("the worker has no job " + job + ": see " + log);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    /** Starts a run of the job, and gives its id. */
    String run(String job) throws IOException, InterruptedException {
        return ask("POST", "/api/v1/jobs/" + job + "/runs", "").at("/run/id").asText();
    }

    /** What the worker says of a run. */
    JsonNode look(String run) throws IOException, InterruptedException {
        return ask("GET", "/api/v1/runs/" + run, "");
    }

    /**
     * Moves a run.
     *
     * @param verb {@code pause}, {@code resume} or {@code cancel}
     */
    void move(String run, String verb) throws IOException, InterruptedException {
        ask("POST", "/api/v1/runs/" + run + "/" + verb, "");
    }

    /**
     * Changes a run's settings.
     *
     * @param json such as {@code {"target": "50ms", "rowsPerSecond": null}}
     */
    void tune(String run, String json) throws IOException, InterruptedException {
        ask("PATCH", "/api/v1/runs/" + run + "/settings", json);
    }

    /** The kernel's high-water mark of the process; NaN where there is no /proc. */
    double residentMiB() throws IOException {
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

    /** The processor time it has taken, its start included; NaN where the system does not tell. */
    double cpuSeconds() {
        return process.info()
                .totalCpuDuration()
                .map(time -> time.toNanos() / 1e9)
                .orElse(Double.NaN);
    }

    /** The status, or -1 while nobody listens. */
    private int status(String path) throws IOException, InterruptedException {
        try {
            return exchange("GET", path, "").statusCode();
        } catch (ConnectException e) {
            return -1;
        }
    }

    private JsonNode ask(String method, String path, String body) throws IOException, InterruptedException {
        HttpResponse<String> answer = exchange(method, path, body);
        if (answer.statusCode() >= 300) {
            throw new IOException(method + " " + path + " " + body + ": " + answer.statusCode() + " " + answer.body());
        }
        return JSON.readTree(answer.body());
    }

    private HttpResponse<String> exchange(String method, String path, String body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .timeout(Duration.ofSeconds(20));
        if (!body.isEmpty()) {
            request.header("Content-Type", "application/json");
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
