package dev.sluice.http;

import static dev.sluice.http.HttpServerTest.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may come in, and what each role may do. */
class AccessTest {
    private static final String PLAN = "/api/v1/jobs/users-full-name/plan";
    private static final String RUNS = "/api/v1/jobs/users-full-name/runs";
    private final Doorbell guarded = Doorbell.guarded();

    @AfterEach
    void close() {
        guarded.close();
    }

    @Test
    void withoutATokenOnlyHealthIsShown() {
        for (String path : new String[] {"/api/v1/jobs", "/metrics", "/openapi.json", "/api/v1/events"}) {
            Doorbell.Reply reply = guarded.get(path);
            assertProblem(reply, 401, "token-missing");
            assertThat(reply.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"sluice\"");
        }
        assertThat(guarded.get("/health/live").status()).isEqualTo(200);
        assertThat(guarded.get("/health/ready").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource({
        "Bearer nonsense, token-unknown",
        "Bearer VIEWER-TOKEN, token-unknown",
        "Bearer, token-malformed",
        "Basic dmVyYTp4, token-malformed",
    })
    void aWrongTokenIsRefusedAndNotRepeated(String header, String code) {
        Doorbell.Reply reply = guarded.get("/api/v1/jobs", "Authorization", header);
        assertProblem(reply, 401, code);
        assertThat(reply.header("WWW-Authenticate")).contains("error=");
        assertThat(reply.raw().body()).doesNotContain("nonsense", "dmVyYTp4");
    }

    @ParameterizedTest
    @CsvSource({
        "viewer, 200, 403, 403",
        "operator, 200, 202, 200",
        "approver, 200, 202, 200",
    })
    void eachRoleMayWhatItMay(String role, int read, int start, int tune) {
        String[] token = {"Authorization", "bearer " + role + "-token"};
        UUID id = guarded.fakes.run("paused").id();
        assertThat(guarded.get("/api/v1/runs/" + id, token).status()).isEqualTo(read);
        assertThat(guarded.get("/metrics", token).status()).isEqualTo(read);
        assertThat(guarded.post(RUNS, "", token).status()).isEqualTo(start);
        assertThat(guarded.send("PATCH", "/api/v1/runs/" + id + "/settings", "{\"batchSize\":1}", token)
                        .status())
                .isEqualTo(tune);
        for (String move : new String[] {"pause", "resume", "cancel"}) {
            assertThat(guarded.post("/api/v1/runs/" + id + "/" + move, "", token)
                            .status())
                    .as(move)
                    .isEqualTo(tune);
        }
        if (tune == 403) {
            assertThat(guarded.fakes.asked).isEmpty();
            assertProblem(guarded.post(RUNS, "", token), 403, "role-not-enough");
        }
    }

    @Test
    void aViewerSeesThePlanWithoutTheValuesOfRows() {
        Doorbell.Reply viewer = guarded.post(PLAN, "", "Authorization", "Bearer viewer-token");
        assertThat(viewer.status()).isEqualTo(200);
        assertThat(viewer.json().path("sample")).isEmpty();
        assertThat(viewer.json().path("sampleHidden").asBoolean()).isTrue();
        assertThat(viewer.raw().body()).doesNotContain("Ada");
        assertThat(viewer.json().at("/statements/0/plan").asText("missing"))
                .as("it names keys")
                .isEmpty();
        assertThat(guarded.fakes.asked).containsExactly("plan users-full-name");
        Doorbell.Reply operator = guarded.post(PLAN, "", "Authorization", "Bearer operator-token");
        assertThat(operator.json().path("sampleHidden").asBoolean()).isFalse();
        assertThat(operator.json().at("/statements/0/plan").asText()).isNotEmpty();
        assertThat(guarded.fakes.asked).last().isEqualTo("plan users-full-name with a trial");
        assertThat(operator.json()
                        .path("sample")
                        .path(0)
                        .path("before")
                        .path("full_name")
                        .asText())
                .isEqualTo("Ada Lovelace");
    }

    @Test
    void aViewerSeesAFailureWithoutTheValuesOfRows() {
        UUID id = guarded.fakes.run("failed").id();
        for (String path :
                new String[] {"/api/v1/runs/" + id, "/api/v1/runs", "/api/v1/jobs", "/api/v1/jobs/users-full-name"}) {
            Doorbell.Reply viewer = guarded.get(path, "Authorization", "Bearer viewer-token");
            assertThat(viewer.raw().body()).as(path).contains("no such column").doesNotContain("Anna Secret");
            Doorbell.Reply operator = guarded.get(path, "Authorization", "Bearer operator-token");
            assertThat(operator.raw().body()).as(path).contains("Anna Secret");
        }
    }

    @Test
    void theTokensNameStandsInTheLog() {
        UUID id = guarded.fakes.run("running").id();
        guarded.post("/api/v1/runs/" + id + "/pause", "", "Authorization", "Bearer operator-token");
        assertThat(guarded.fakes.asked).containsExactly("pause " + id + " by olga");
    }

    @Test
    void noPageOfAnotherSiteCanStartARun() throws IOException {
        try (Doorbell open = Doorbell.open()) {
            assertProblem(open.post(RUNS, "", "Origin", "https://evil.example"), 403, "other-site");
            assertProblem(open.post(RUNS, "", "Origin", "null"), 403, "other-site");
            assertThat(open.post(RUNS, "", "Origin", open.url()).status()).isEqualTo(202);
            // a name of the attacker's that points to 127.0.0.1
            try (var socket = new Socket("127.0.0.1", open.server().port())) {
                socket.getOutputStream()
                        .write(("POST " + RUNS + " HTTP/1.1\r\nHost: evil.example:80\r\nConnection: close\r\n\r\n")
                                .getBytes(StandardCharsets.UTF_8));
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 403")
                        .contains("host-not-allowed");
            }
            assertThat(open.fakes.asked).hasSize(1);
        }
    }

    /** A name of the attacker's that points to 127.0.0.1 reads nothing, public or not, there or not. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/metrics",
                "/health/live",
                "/health/ready",
                "/job.schema.json",
                "/openapi.json",
                "/api/v1/jobs",
                "/nothing"
            })
    void withoutTokensNoPathAnswersToAnotherHost(String path) throws IOException {
        try (Doorbell open = Doorbell.open()) {
            for (String host : new String[] {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80"}) {
                assertThat(raw(open, "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                        .as(host)
                        .startsWith("HTTP/1.1 403")
                        .contains("host-not-allowed", "nosniff");
            }
            for (String host : new String[] {"localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080"}) {
                assertThat(raw(open, "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                        .as(host)
                        .doesNotContain("host-not-allowed");
            }
            // the image's health check is no browser, and names no host
            assertThat(raw(open, "GET /health/live HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 200");
        }
    }

    /** Kubernetes asks by the address of the pod. */
    @Test
    void withTokensProbesAnswerUnderAnyHost() throws IOException {
        for (String path : new String[] {"/health/live", "/health/ready"}) {
            assertThat(raw(guarded, "GET " + path + " HTTP/1.1\r\nHost: 10.42.0.17:8080\r\n\r\n"))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            POST | cross-site  | no-cors  | 403
            POST | cross-site  | navigate | 403
            POST | same-site   | cors     | 403
            POST | same-origin | cors     | 202
            POST | none        | navigate | 202
            GET  | cross-site  | no-cors  | 403
            GET  | same-site   | no-cors  | 403
            GET  | cross-site  | navigate | 200
            GET  | same-origin | cors     | 200
            """)
    void whatABrowserSaysOfItsPageCountsWithoutAnOrigin(String method, String site, String mode, int status) {
        String path = method.equals("POST") ? RUNS : "/api/v1/jobs";
        try (Doorbell open = Doorbell.open()) {
            assertThat(open.send(method, path, "", "Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode)
                            .status())
                    .isEqualTo(status);
        }
        assertThat(guarded.send(
                                method,
                                path,
                                "",
                                "Sec-Fetch-Site",
                                site,
                                "Sec-Fetch-Mode",
                                mode,
                                "Authorization",
                                "Bearer operator-token")
                        .status())
                .isEqualTo(status);
    }

    private static String raw(Doorbell door, String request) throws IOException {
        try (var socket = new Socket("127.0.0.1", door.server().port())) {
            socket.getOutputStream()
                    .write(request.replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
