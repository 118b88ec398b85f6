package dev.sluice;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.testing.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** {@code sluice worker} as a process of its own, configured by its environment as in production. */
final class WorkerProcess implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static final Pattern ADDRESS = Pattern.compile("answers at (http://[^;]+);");

    private final Process process;
    private final Path log;
    /** What an earlier process has said ends here. */
    private final long logged;

    private WorkerProcess(Process process, Path log, long logged) {
        this.process = process;
        this.log = log;
        this.logged = logged;
    }

    /**
     * Starts one that notices deaths within two seconds, and does not wait for it.
     *
     * @param database target and control database
     * @param jobs folder of the job files
     * @param log what it says is added to this file
     */
    static WorkerProcess start(TestPostgres.Fresh database, Path jobs, Path log) throws IOException {
        return start(
                database,
                jobs,
                log,
                Map.of(
                        "SLUICE_WORKER_TAKEOVER", "2s",
                        "SLUICE_WORKER_HEARTBEAT", "500ms",
                        "SLUICE_WORKER_CHECK_IN", "1s"));
    }

    /**
     * Starts one, and does not wait for it.
     *
     * @param database target and control database
     * @param jobs folder of the job files
     * @param log what it says is added to this file
     * @param settings variables of its environment, besides those of the database, the jobs and the port
     */
    static WorkerProcess start(TestPostgres.Fresh database, Path jobs, Path log, Map<String, String> settings)
            throws IOException {
        return start(database, jobs, log, settings, List.of("-Xmx256m"));
    }

    /**
     * Starts one, and does not wait for it.
     *
     * @param memory options of its JVM
     */
    static WorkerProcess start(
            TestPostgres.Fresh database, Path jobs, Path log, Map<String, String> settings, List<String> memory)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(memory);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Sluice.class.getName(), "worker"));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .putAll(Map.of(
                        "SLUICE_DATABASES_MAIN_URL", database.url(),
                        "SLUICE_DATABASES_MAIN_USER", database.user(),
                        "SLUICE_DATABASES_MAIN_PASSWORD", database.password(),
                        "SLUICE_JOBS", jobs.toString(),
                        "SLUICE_HTTP_PORT", "0"));
        builder.environment().putAll(settings);
        long logged = Files.exists(log) ? Files.size(log) : 0;
        var toLog = ProcessBuilder.Redirect.appendTo(log.toFile());
        Process process =
                builder.redirectErrorStream(true).redirectOutput(toLog).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        return new WorkerProcess(process, log, logged);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    long pid() {
        return process.pid();
    }

    /** {@code kill -9}; returns when it is dead. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** {@code kill -STOP}: it is frozen, and knows nothing of it. */
    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** {@code kill -CONT}: it goes on where it was frozen. */
    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                .inheritIO()
                .start();
        if (kill.waitFor() != 0) {
            throw new IllegalStateException("process " + pid() + " could not be signalled");
        }
    }

    /** Asks it to stop, as a deploy does, and does not wait for it. */
    void askToStop() {
        process.destroy();
    }

    /** Asks it to stop and waits for it. The exit code. */
    int stop() throws InterruptedException {
        askToStop();
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the worker did not stop within 30 s");
        }
        return process.exitValue();
    }

    /** Whether it answers and takes work. */
    boolean isReady() {
        try {
            return send("GET", "/health/ready").statusCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    JsonNode get(String path) throws IOException {
        return answer(send("GET", path));
    }

    /** A POST without a body. */
    JsonNode post(String path) throws IOException {
        return answer(send("POST", path));
    }

    private static JsonNode answer(HttpResponse<String> response) throws IOException {
        if (response.statusCode() / 100 != 2) {
            throw new IOException(response.statusCode() + " " + response.body());
        }
        return JSON.readTree(response.body());
    }

    private HttpResponse<String> send(String method, String path) throws IOException {
        var request = HttpRequest.newBuilder(URI.create(address() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .timeout(Duration.ofSeconds(10))
                .build();
        try {
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Where it listens; it says so itself once it does. */
    String address() throws IOException {
        var said = ADDRESS.matcher(said());
        if (!said.find()) {
            throw new IOException("the worker does not listen yet");
        }
        return said.group(1);
    }

    /** All it said so far. */
    String said() throws IOException {
        try (var in = Files.newInputStream(log)) {
            in.skipNBytes(logged);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The last lines it said. */
    String lastWords() throws IOException {
        List<String> lines = said().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
