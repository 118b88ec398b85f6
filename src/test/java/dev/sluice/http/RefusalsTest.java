package dev.sluice.http;

import static dev.sluice.http.HttpServerTest.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Whatever is wrong with a request or behind the door: one problem+json that names the place and the fix. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalsTest {
    private final Doorbell door = Doorbell.open();
    private final String run = "/api/v1/runs/" + door.fakes.run("running").id();

    @AfterEach
    void restore() {
        door.fakes.fail(null);
    }

    @AfterAll
    void close() {
        door.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            {"a":                          | 400 | bad-json     | line 1
            {"target":"1s","target":"2s"}  | 400 | bad-json     | each field once
            {"target":"1s"} x              | 400 | bad-json     | not JSON
            [1]                            | 400 | bad-json     | begin with {
            "x"                            | 400 | bad-json     | begin with {
            null                           | 400 | bad-json     | begin with {
            {}                             | 400 | nothing-to-change | at least one
            {"sql":"DROP TABLE x"}         | 400 | bad-body     | sql: unknown field; use target, batchSize, rowsPerSecond
            {"target":200}                 | 400 | bad-body     | target: not a length of time
            {"target":"5ms"}               | 400 | bad-body     | target: out of range; write a text from "10ms" to "10s"
            {"target":null}                | 400 | bad-body     | target: not a length of time
            {"batchSize":0}                | 400 | bad-body     | batchSize: out of range; write a number from 1 to 100000
            {"batchSize":"many"}           | 400 | bad-body     | batchSize: not a whole number
            {"batchSize":1.5}              | 400 | bad-body     | batchSize: not a whole number
            {"batchSize":99999999999999}   | 400 | bad-body     | batchSize: out of range
            {"rowsPerSecond":-1}           | 400 | bad-body     | rowsPerSecond: out of range
            {"walPerHour":999999}          | 400 | bad-body     | walPerHour: out of range; write a text from "1MB" to "1000TB", so many bytes, or 0
            {"cores":2}                    | 400 | bad-body     | cores: out of range; write a text from "0.1%" to "100%", a number from 0.001 to 1, "off", or null for what the job file says
            {"cores":"0.05%"}              | 400 | bad-body     | cores: out of range
            {"cores":"0%"}                 | 400 | bad-body     | cores: out of range
            {"cores":"999%"}               | 400 | bad-body     | cores: out of range
            {"cores":1e400}                | 400 | bad-body     | cores: out of range
            {"cores":-0.5}                 | 400 | bad-body     | cores: out of range
            {"cores":"20"}                 | 400 | bad-body     | cores: not a share
            {"cores":true}                 | 400 | bad-body     | cores: not a share
            {"walPerHour":-1}              | 400 | bad-body     | walPerHour: out of range
            {"walPerHour":"1001TB"}        | 400 | bad-body     | walPerHour: out of range
            {"walPerHour":99999999999999999999} | 400 | bad-body | walPerHour: out of range
            {"walPerHour":"20 GB"}         | 400 | bad-body     | walPerHour: not a size
            {"walPerHour":1.5e7}           | 400 | bad-body     | walPerHour: not a size
            {"batchSize":true,"x":1}       | 400 | bad-body     | x: unknown field
            """)
    void refusesABadBody(String body, int status, String code, String message) {
        Doorbell.Reply reply = door.send("PATCH", run + "/settings", body);
        assertProblem(reply, status, code);
        assertThat(reply.json().path("detail").asText()).contains(message);
        assertThat(door.fakes.asked).noneMatch(a -> a.startsWith("tune"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET    | /api/v1/jobs/nope                    | 404 | unknown-job
            POST   | /api/v1/jobs/nope/plan               | 404 | unknown-job
            POST   | /api/v1/jobs/nope/runs               | 404 | unknown-job
            GET    | /api/v1/jobs/nope/gates/switch       | 404 | unknown-job
            GET    | /api/v1/jobs/bad                     | 422 | job-has-mistakes
            POST   | /api/v1/jobs/bad/plan                | 422 | job-has-mistakes
            POST   | /api/v1/jobs/bad/runs                | 422 | job-has-mistakes
            GET    | /api/v1/jobs/bad/gates/switch        | 422 | job-has-mistakes
            GET    | /api/v1/jobs/a%2Fb                   | 404 | unknown-job
            GET    | /api/v1/jobs/users-full-name/gates/contract | 404 | unknown-path
            GET    | /api/v1/runs/00000000-0000-0000-0000-000000000000 | 404 | unknown-run
            POST   | /api/v1/runs/00000000-0000-0000-0000-000000000000/pause | 404 | unknown-run
            GET    | /api/v1/runs/1-1-1-1-1               | 400 | malformed-id
            POST   | /api/v1/runs/x/cancel                | 400 | malformed-id
            GET    | /api/v1/runs?limit=0                 | 400 | bad-parameter
            GET    | /api/v1/runs?limit=many              | 400 | bad-parameter
            GET    | /api/v1/runs?limit=1&limit=2         | 400 | bad-parameter
            GET    | /api/v1/runs?state=live              | 400 | unknown-parameter
            GET    | /api/v1/jobs?x=1                     | 400 | unknown-parameter
            GET    | /api/v1/events?after=-1              | 400 | bad-parameter
            GET    | /api/v1/events?run=x                 | 400 | malformed-id
            GET    | /api/v1/events?after=99999999999999999999 | 400 | bad-parameter
            GET    | /api/v1                              | 404 | unknown-path
            GET    | /                                    | 404 | unknown-path
            GET    | /API/V1/JOBS                         | 404 | unknown-path
            """)
    void refusesABadRequest(String method, String path, int status, String code) {
        assertProblem(door.send(method, path, ""), status, code);
        assertThat(described(method, path))
                .allSatisfy(operation -> assertThat(operation.path("responses").has(Integer.toString(status)))
                        .as("openapi.json has it")
                        .isTrue());
    }

    /** The operation of openapi.json that answers there; none where no route does. */
    private List<JsonNode> described(String method, String path) {
        String bare = path.replaceAll("\\?.*", "");
        return door.get("/openapi.json").json().path("paths").properties().stream()
                .filter(p -> bare.matches(p.getKey().replaceAll("\\{[a-z]+}", "[^/]+")))
                .map(p -> p.getValue().path(method.toLowerCase(Locale.ROOT)))
                .toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            DELETE | /api/v1/jobs                         | GET, HEAD
            PUT    | /api/v1/runs                         | GET, HEAD
            GET    | /api/v1/jobs/users-full-name/runs    | POST
            POST   | /health/ready                        | GET, HEAD
            OPTIONS | /api/v1/jobs/users-full-name/plan   | POST
            """)
    void aWrongMethodIsToldTheRightOnes(String method, String path, String allow) {
        Doorbell.Reply reply = door.send(method, path, "");
        assertProblem(reply, 405, "method-not-allowed");
        assertThat(reply.header("Allow")).isEqualTo(allow);
    }

    @Test
    void aBodyWhereNoneBelongsIsRefused() {
        assertProblem(door.post(run + "/pause", "{\"force\":true}"), 400, "bad-body");
        assertProblem(door.post("/api/v1/jobs/users-full-name/runs", "{\"sql\":\"x\"}"), 400, "bad-body");
        assertThat(door.fakes.asked).noneMatch(a -> a.startsWith("pause") || a.startsWith("start"));
    }

    @Test
    void onlyJsonIsTaken() {
        assertProblem(
                door.send("PATCH", run + "/settings", "target=1s", "Content-Type", "text/plain"), 415, "content-type");
        assertProblem(
                door.send("PATCH", run + "/settings", "x=1", "Content-Type", "application/x-www-form-urlencoded"),
                415,
                "content-type");
    }

    @Test
    void aHugeBodyIsRefusedBeforeItIsRead() throws IOException {
        assertProblem(
                door.send("PATCH", run + "/settings", "{\"x\":\"" + "y".repeat(2000) + "\"}"), 413, "body-too-large");
        // announced, never sent: the answer must not wait for it
        String answer =
                raw("PATCH " + run + "/settings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 9000000000\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 413").contains("body-too-large");
        // chunked: nobody knows how long it is
        String chunks = ("3e8\r\n" + "y".repeat(1000) + "\r\n").repeat(3) + "0\r\n\r\n";
        String chunked =
                raw("PATCH " + run + "/settings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
        assertThat(chunked).startsWith("HTTP/1.1 413").contains("body-too-large");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NOT HTTP                                              | HTTP/1.1 505
            GET /../etc/passwd HTTP/1.1~Host: localhost           | HTTP/1.1 400
            GET /api/v1/jobs/%00 HTTP/1.1~Host: localhost         | HTTP/1.1 400
            GET /api/v1/jobs HTTP/9.9                             | HTTP/1.1 505
            GET /%zz HTTP/1.1~Host: localhost                     | HTTP/1.1 400
            GET /api/v1/jobs HTTP/1.1                             | HTTP/1.1 400
            """)
    void brokenHttpIsAProblemTooAndNoHtml(String request, String status) throws IOException {
        String answer = raw(request.replace("~", "\r\n") + "\r\n\r\n");
        assertThat(answer)
                .startsWith(status)
                .contains("application/problem+json", "\"code\":\"bad-request\"")
                .doesNotContain("<html", "Jetty");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /api/v1/jobs/%u0041            | two hexadecimal digits
            /api/v1/jobs/%4                | -
            /api/v1/jobs/%                 | -
            /api/v1/jobs/%+1               | -
            /api/v1/jobs/%zz/gates/switch  | -
            /api/v1/jobs/%00               | -
            /api/v1/jobs/a%0d%0aX-Forged:1 | control character
            /api/v1/jobs/a%1b%5B2J         | control character
            /api/v1/jobs/%c2%85            | control character
            /api/v1/jobs/%ff               | -
            /api/v1/jobs/%c0%ae%c0%ae      | -
            /api/v1/jobs/%ed%a0%80         | -
            /api/v1/jobs/%2e%2e            | step
            /api/v1/jobs/%2e/gates/switch  | step
            /api/v1/jobs/..                | step
            /api/v1/runs?job=%00           | control character
            /api/v1/runs?job=%             | two hexadecimal digits
            /api/v1/runs?job=%u0041        | two hexadecimal digits
            /api/v1/runs?job=%ff           | not UTF-8
            /api/v1/runs?%00=1             | control character
            /api/v1/events?job=a%00b       | control character
            /api/v1/events?run=%           | two hexadecimal digits
            /nothing/%u0041                | two hexadecimal digits
            /health/live?%                 | two hexadecimal digits
            """)
    void aTargetThatCannotBeReadIsRefusedWithoutANoise(String target, String message) throws IOException {
        var log = new ListAppender<ILoggingEvent>();
        log.start();
        var logger = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        logger.addAppender(log);
        try {
            for (String method : new String[] {"GET", "POST"}) {
                String answer = raw(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(answer)
                        .startsWith("HTTP/1.1 400")
                        .contains("application/problem+json", "\"code\":\"bad-request\"");
                if (!message.equals("-")) {
                    assertThat(answer).contains(message);
                }
            }
            assertThat(log.list).noneMatch(l -> l.getLevel().isGreaterOrEqual(Level.WARN));
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void aBodyWithTooMuchInItIsRefusedAndItsMistakesAreCounted() {
        String fields =
                IntStream.range(0, 60).mapToObj(i -> "\"f" + i + "\":1").collect(Collectors.joining(",", "{", "}"));
        Doorbell.Reply counted = door.send("PATCH", run + "/settings", fields);
        assertProblem(counted, 400, "bad-body");
        assertThat(counted.json().path("details").path("mistakes")).hasSize(20);
        assertThat(counted.json().path("details").path("notListed").asInt()).isEqualTo(40);
        assertThat(counted.json().path("detail").asText()).contains("f19: unknown field", "And 40 more mistakes.");
        for (String body : new String[] {
            "{\"a\":" + "[".repeat(300) + "]".repeat(300) + "}",
            "{\"target\":" + "9".repeat(300) + "}",
            "{\"" + "n".repeat(300) + "\":1}",
            "{\"a\":[" + "1,".repeat(450) + "1]}".repeat(1),
            "{\"a\":" + "{\"a\":".repeat(50) + "1" + "}".repeat(51),
        }) {
            assertProblem(
                    door.send("PATCH", run + "/settings", body), 400, body.contains("1,1") ? "bad-body" : "bad-json");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\u0000", "\\n2026-01-01 INFO forged", "\\u001b[2J", "\\u0085", "\\ud800"})
    void aReasonThatNobodyCouldStoreOrShowIsRefused(String reason) {
        Doorbell.Reply reply = door.post("/api/v1/stop-all", "{\"reason\":\"x" + reason + "\"}");
        assertProblem(reply, 400, "bad-body");
        assertThat(door.fakes.asked).noneMatch(a -> a.startsWith("stop"));
    }

    @Test
    void longHeadersAreAProblemToo() {
        Doorbell.Reply reply = door.get("/api/v1/jobs", "X-Long", "y".repeat(20_000));
        assertThat(reply.status()).isEqualTo(431);
        assertThat(reply.header("Content-Type")).startsWith("application/problem+json");
    }

    @ParameterizedTest
    @EnumSource(Problem.Kind.class)
    void everyKindOfProblemHasItsStatus(Problem.Kind kind) {
        int status = switch (kind) {
            case INVALID -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case CONFLICT -> 409;
            case UNPROCESSABLE -> 422;
            case UNAVAILABLE -> 503;
        };
        String code = "code-" + kind.name().toLowerCase(Locale.ROOT);
        door.fakes.fail(new Problem(kind, code, "Fact, number, remedy."));
        Doorbell.Reply reply = door.get("/api/v1/runs");
        assertProblem(reply, status, code);
        assertThat(reply.json().path("detail").asText()).isEqualTo("Fact, number, remedy.");
    }

    @Test
    void theUnforeseenIsLoggedWithAnIdAndNothingElseGoesOut() {
        var log = new ListAppender<ILoggingEvent>();
        log.start();
        var logger = (Logger) LoggerFactory.getLogger(Refusals.class);
        logger.addAppender(log);
        try {
            door.fakes.fail(new IllegalStateException("SELECT secret FROM inside"));
            Doorbell.Reply reply = door.get(run);
            assertProblem(reply, 500, "internal");
            assertThat(reply.raw().body()).doesNotContain("secret");
            String id = reply.json().path("details").path("id").asText();
            assertThat(id).isNotEmpty();
            assertThat(log.list)
                    .singleElement()
                    .satisfies(line -> assertThat(line.getFormattedMessage()).contains(id));
        } finally {
            logger.detachAppender(log);
        }
    }

    @Test
    void aDatabaseThatIsAwayIsNotAnInternalError() {
        door.fakes.fail(new IllegalStateException(new SQLException("Connection to db.internal:5432 refused", "08001")));
        Doorbell.Reply reply = door.get("/api/v1/runs");
        assertProblem(reply, 503, "database-away");
        assertThat(reply.raw().body()).doesNotContain("db.internal");
    }

    @Test
    void aBadIdempotencyKeyIsRefused() {
        assertProblem(
                door.post("/api/v1/jobs/users-full-name/runs", "", "Idempotency-Key", "a b"),
                400,
                "bad-idempotency-key");
        assertProblem(
                door.post("/api/v1/jobs/users-full-name/runs", "", "Idempotency-Key", "k".repeat(256)),
                400,
                "bad-idempotency-key");
    }

    private String raw(String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", door.server().port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().flush();
            byte[] answer = new byte[8192];
            int length = 0;
            String text = "";
            for (int n; (n = socket.getInputStream().read(answer, length, answer.length - length)) > 0; ) {
                length += n;
                text = new String(answer, 0, length, StandardCharsets.UTF_8);
                if (text.contains("\"code\":")) {
                    break;
                }
            }
            return text;
        }
    }
}
