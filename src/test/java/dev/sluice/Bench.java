package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.cli.Terminal;
import dev.sluice.config.SettingsReader;
import dev.sluice.job.SignalKind;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A real worker in this JVM on a real database, with a jobs folder, and both of its doors. */
final class Bench implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    final Path jobs;
    private final Worker worker;
    private String token = "";

    /** What the worker answered. */
    record Answer(int status, JsonNode body, String text, Map<String, String> headers) {
        /** The text at a JSON pointer. */
        String at(String pointer) {
            return body.at(pointer).asText();
        }
    }

    /** What came of a command. */
    record Ran(int code, String out, String err) {}

    private Bench(Path jobs, Worker worker) {
        this.jobs = jobs;
        this.worker = worker;
    }

    /** Quick habits, so that tests need not wait. */
    static Map<String, String> environment(Path jobs, TestPostgres.Fresh db) {
        return new TreeMap<>(Map.of(
                "SLUICE_DATABASES_MAIN_URL", db.url(),
                "SLUICE_DATABASES_MAIN_USER", db.user(),
                "SLUICE_DATABASES_MAIN_PASSWORD", db.password(),
                "SLUICE_JOBS", jobs.toString(),
                "SLUICE_HTTP_PORT", "0",
                "SLUICE_WORKER_JOBS_REFRESH", "100ms",
                "SLUICE_WORKER_HEARTBEAT", "200ms",
                "SLUICE_WORKER_TAKEOVER", "3s",
                "SLUICE_WORKER_CHECK_IN", "500ms",
                "SLUICE_RETRY_MAX_WAIT", "500ms"));
    }

    static Bench start(Path jobs, TestPostgres.Fresh db) {
        return start(jobs, environment(jobs, db), Optional.empty());
    }

    /** One of several workers. */
    static Bench start(String name, Path jobs, TestPostgres.Fresh db, Time time) {
        var environment = environment(jobs, db);
        environment.put("SLUICE_WORKER_NAME", name);
        environment.put("SLUICE_DATABASES_MAIN_CONNECT_TIMEOUT", "1s");
        return start(jobs, environment, Optional.empty(), time);
    }

    /**
     * One of two workers for three lanes of a run that begins: a place of each is kept for conducting lanes, so neither
     * has room for all. One that had two side lanes already could take the conducting one, too.
     */
    static Bench narrow(String name, Path folder, TestPostgres.Fresh db) throws IOException {
        Path jobs = Files.createDirectories(folder.resolve(name));
        var environment = environment(jobs, db);
        environment.put("SLUICE_WORKER_NAME", name);
        environment.put("SLUICE_WORKER_THREADS", "3");
        return start(jobs, environment, Optional.empty());
    }

    /** Three lanes are carried, by two workers. */
    static void awaitTwoWorkers(TestPostgres.Fresh db) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> db.value(
                                "SELECT count(DISTINCT split_part(owner, '#', 1)) || ' ' || count(*) FROM sluice.lane"
                                        + " WHERE owner IS NOT NULL")
                        .equals("2 3"));
    }

    static Bench start(Path jobs, Map<String, String> environment, Optional<Path> config) {
        return start(jobs, environment, config, Time.system());
    }

    private static Bench start(Path jobs, Map<String, String> environment, Optional<Path> config, Time time) {
        try {
            return new Bench(jobs, Worker.start(SettingsReader.read(config, environment), time));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A table of so many people, known to the planner. */
    static void people(TestPostgres.Fresh db, int rows) {
        db.run(
                "CREATE SCHEMA app",
                "CREATE TABLE app.people (id bigint PRIMARY KEY, name text NOT NULL, upper_name text)",
                "INSERT INTO app.people SELECT i, 'name ' || i, NULL FROM generate_series(1, " + rows + ") i",
                "ANALYZE app.people");
    }

    /**
     * A job on that table, which watches no signal unless it says so: how busy the machine is must not decide how fast
     * it goes.
     *
     * @param more lines of {@code migrate}
     */
    static String job(String name, String... more) {
        List<String> lines = new ArrayList<>(List.of(more));
        if (lines.stream().noneMatch(line -> line.startsWith("throttle:"))) {
            lines.add("throttle: off");
        }
        return "job: " + name
                + "\nmigrate:\n  table: app.people\n  set: { upper_name: upper(name) }\n  where: upper_name IS NULL\n"
                + String.join("", lines.stream().map(m -> "  " + m + "\n").toList());
    }

    /** A throttle of these alone, such as a rate, with every signal of PostgreSQL and the budget of cores off. */
    static String throttle(String... own) {
        Stream<String> off = Stream.concat(
                Stream.of("cores: off"), Arrays.stream(SignalKind.values()).map(kind -> kind.code() + ": off"));
        return "throttle: { " + Stream.concat(off, Arrays.stream(own)).collect(Collectors.joining(", ")) + " }";
    }

    /** So slow that it stays in mid-run. */
    static String slow(String name) {
        return job(name, throttle("rows-per-second: 100"));
    }

    /** Writes a job file and waits until the worker knows it. */
    void define(String name, String text) {
        write(name, text);
        await(name).until(() -> get("/api/v1/jobs/" + name).status() == 200);
    }

    /** Takes a job file away. */
    void remove(String name) {
        try {
            Files.delete(jobs.resolve(name + ".yaml"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void write(String name, String text) {
        try {
            Files.writeString(jobs.resolve(name + ".yaml"), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the job and gives the run's id. */
    String run(String job) {
        Answer started = post("/api/v1/jobs/" + job + "/runs");
        assertThat(started.status()).as(started.text()).isEqualTo(202);
        return started.at("/run/id");
    }

    Answer awaitState(String run, String state) {
        return awaitState(run, state, Duration.ofSeconds(40));
    }

    Answer awaitState(String run, String state, Duration most) {
        await(state).atMost(most).pollInterval(Duration.ofMillis(50)).until(() -> {
            Answer now = get("/api/v1/runs/" + run);
            String is = now.at("/state");
            assertThat(!is.equals(state) && (is.equals("failed") || is.equals("succeeded")))
                    .as(now.text())
                    .isFalse();
            return is.equals(state);
        });
        return get("/api/v1/runs/" + run);
    }

    /** Waits until the run has walked rows, and gives its status. */
    Answer awaitRows(String run) {
        await("rows")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> {
                    Answer now = get("/api/v1/runs/" + run);
                    assertThat(now.body().at("/progress/changed").asLong())
                            .as(now.text())
                            .isPositive();
                });
        return get("/api/v1/runs/" + run);
    }

    Bench as(String bearer) {
        token = bearer;
        return this;
    }

    String url() {
        return worker.url();
    }

    /** The jobs the worker knows, which it can say without a database. */
    List<String> jobNames() {
        return worker.jobNames();
    }

    Answer get(String path) {
        return send("GET", path, "");
    }

    Answer post(String path, String... headers) {
        return send("POST", path, "", headers);
    }

    Answer patch(String path, String json) {
        return send("PATCH", path, json, "Content-Type", "application/json");
    }

    private Answer send(String method, String path, String body, String... headers) {
        return ask(url(), token, method, path, body, headers);
    }

    /** Asks a worker that need not be of this JVM. */
    static Answer ask(String url, String token, String method, String path, String body, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(Duration.ofSeconds(30))
                .method(method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            HttpResponse<String> answer = CLIENT.send(request.build(), BodyHandlers.ofString());
            boolean json =
                    answer.headers().firstValue("Content-Type").orElse("").contains("json");
            Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            answer.headers().map().forEach((k, v) -> all.put(k, v.getFirst()));
            return new Answer(
                    answer.statusCode(),
                    json ? JSON.readTree(answer.body()) : JSON.createObjectNode(),
                    answer.body(),
                    all);
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + path, e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A command of the real command line against this worker. */
    Ran cli(String... args) {
        return cli(Map.of("SLUICE_SERVER", url(), "SLUICE_TOKEN", token), args);
    }

    static Ran cli(Map<String, String> environment, String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var terminal = new Terminal(
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8),
                environment,
                false,
                Time.system(),
                action -> {});
        int code = Wiring.commandLine(terminal).run(args);
        return new Ran(code, out.toString(UTF_8), err.toString(UTF_8));
    }

    @Override
    public void close() {
        worker.close();
    }
}
