package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Problem;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stopping all runs over HTTP. */
class FleetRoutesTest {
    private static final String STOP = "/api/v1/stop-all";
    private static final String RESUME = "/api/v1/resume-all";
    private final Doorbell door = Doorbell.open();

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void stopsAndResumes() {
        assertThat(door.get(STOP).raw().body())
                .isEqualTo("{\"stopped\":false,\"by\":null,\"since\":null,\"reason\":null}");
        JsonNode stopped = door.post(STOP, "{\"reason\":\"deploy\"}").json();
        assertThat(stopped.path("stopped").asBoolean()).isTrue();
        assertThat(stopped.path("by").asText()).isEqualTo("local");
        assertThat(stopped.path("since").asText()).isEqualTo("2026-03-01T12:00:00Z");
        assertThat(door.get(STOP).json()).isEqualTo(stopped);
        assertThat(door.post(STOP, "").status()).as("a body is not needed").isEqualTo(200);
        assertThat(door.post(RESUME, "").json().path("stopped").asBoolean()).isFalse();
        assertThat(door.fakes.asked)
                .containsExactly("stop-all deploy by local", "stop-all - by local", "resume-all by local");
    }

    @Test
    void aViewerMayOnlyLook() {
        try (Doorbell guarded = Doorbell.guarded()) {
            String[] viewer = {"Authorization", "Bearer viewer-token"};
            assertThat(guarded.get(STOP, viewer).status()).isEqualTo(200);
            assertThat(guarded.get(STOP).status()).isEqualTo(401);
            assertThat(guarded.post(STOP, "", viewer).status()).isEqualTo(403);
            assertThat(guarded.post(RESUME, "", viewer).status()).isEqualTo(403);
            assertThat(guarded.fakes.asked).isEmpty();
            assertThat(guarded.post(STOP, "", "Authorization", "Bearer operator-token")
                            .json()
                            .path("by")
                            .asText())
                    .isEqualTo("olga");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /api/v1/stop-all       | {"why":"x"}        | bad-body          | why: unknown field; use reason
            /api/v1/stop-all       | {"reason":" "}     | bad-body          | reason: out of range; write a text of 1 to 500 characters
            /api/v1/stop-all       | {"reason":1}       | bad-body          | reason: not a text
            /api/v1/stop-all       | [                  | bad-json          | line 1
            /api/v1/stop-all?now=1 | {}                 | unknown-parameter | "now"
            /api/v1/resume-all     | {"reason":"x"}     | bad-body          | reason: unknown field; send no body
            """)
    void refusesWhatItDoesNotKnow(String path, String body, String code, String message) {
        Doorbell.Reply reply = door.post(path, body);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.json().path("code").asText()).isEqualTo(code);
        assertThat(reply.json().path("detail").asText()).contains(message);
        assertThat(door.fakes.asked).isEmpty();
    }

    @Test
    void aReasonThatIsTooLongIsRefused() {
        assertThat(door.post(STOP, "{\"reason\":\"" + "x".repeat(501) + "\"}").status())
                .isEqualTo(400);
        assertThat(door.post(STOP, "{\"reason\":\"" + "x".repeat(500) + "\"}").status())
                .isEqualTo(200);
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsNamed() {
        door.fakes.fail(new Problem(
                Problem.Kind.UNAVAILABLE,
                "stop-incomplete",
                "The stop is noted, but not main.",
                Map.of("databases", java.util.List.of("main"))));
        Doorbell.Reply reply = door.post(STOP, "");
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.json().path("code").asText()).isEqualTo("stop-incomplete");
        assertThat(reply.json().at("/details/databases/0").asText()).isEqualTo("main");
    }
}
