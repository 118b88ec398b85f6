package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.config.Settings;
import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.time.Time;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpServerTest {
    private final Doorbell door = Doorbell.open();

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void listsGoodJobsWithTheirRunsAndBadFilesWithTheirMistakes() {
        RunStatus run = door.fakes.run("running");
        JsonNode list = door.get("/api/v1/jobs").json();
        assertThat(list.path("jobs")).singleElement().satisfies(j -> {
            assertThat(j.path("job").asText()).isEqualTo("users-full-name");
            assertThat(j.path("file").asText()).isEqualTo("users.yaml");
            assertThat(j.path("shape").asText()).isEqualTo("set");
            assertThat(j.path("run").path("id").asText()).isEqualTo(run.id().toString());
            assertThat(j.at("/schedule/nextStart").asText()).isEqualTo(FakeServices.NEXT.toString());
        });
        assertThat(list.path("badFiles")).singleElement().satisfies(f -> {
            assertThat(f.path("file").asText()).isEqualTo("bad.yaml");
            assertThat(f.path("mistakes").path(0).path("line").asInt()).isEqualTo(3);
            assertThat(f.path("mistakes").path(0).path("fix").asText()).isEqualTo("write migrate.table.");
        });
        JsonNode one = door.get("/api/v1/jobs/users-full-name").json();
        assertThat(one.path("definition").path("job").asText()).isEqualTo("users-full-name");
        assertThat(one.at("/schedule/nextStart").asText()).isEqualTo(FakeServices.NEXT.toString());
    }

    @Test
    void startsARunAndSaysWhereItIs() {
        Doorbell.Reply reply = door.post("/api/v1/jobs/users-full-name/runs", "", "Idempotency-Key", "k1");
        assertThat(reply.status()).isEqualTo(202);
        String id = reply.json().path("run").path("id").asText();
        assertThat(reply.header("Location")).isEqualTo("/api/v1/runs/" + id);
        assertThat(reply.json().path("created").asBoolean()).isTrue();
        assertThat(door.fakes.asked).contains("start users-full-name by local trigger http key k1");
        assertThat(door.get(reply.header("Location")).json().path("id").asText())
                .isEqualTo(id);
        Doorbell.Reply again = door.post("/api/v1/jobs/users-full-name/runs", "{}", "Idempotency-Key", "k1");
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.json().path("created").asBoolean()).isFalse();
        assertThat(again.json().path("run").path("id").asText()).isEqualTo(id);
    }

    @Test
    void aSecondLiveRunIsAConflictThatNamesTheFirst() {
        RunStatus live = door.fakes.run("running");
        Doorbell.Reply reply = door.post("/api/v1/jobs/users-full-name/runs", "");
        assertProblem(reply, 409, "live-run-exists");
        assertThat(reply.json().path("details").path("run").asText())
                .isEqualTo(live.id().toString());
    }

    @Test
    void showsARunWithInstantsAndLengthsAsTexts() {
        RunStatus run = door.fakes.run("running");
        JsonNode json = door.get("/api/v1/runs/" + run.id()).json();
        assertThat(json.path("createdAt").asText()).isEqualTo("2026-03-01T12:00:00Z");
        assertThat(json.path("settings").path("target").asText()).isEqualTo("200ms");
        assertThat(json.has("finishedAt")).isTrue();
        assertThat(json.path("finishedAt").isNull()).isTrue();
        assertThat(door.get("/api/v1/runs?job=users-full-name&limit=1").json().path("runs"))
                .hasSize(1);
        assertThat(door.get("/api/v1/runs?job=other").json().path("runs")).isEmpty();
    }

    @Test
    void pausesAndCancelsAndCarriesWhatIsResumed() {
        UUID id = door.fakes.run("running").id();
        assertThat(door.post("/api/v1/runs/" + id + "/pause", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("paused");
        assertThat(door.fakes.asked).containsExactly("pause " + id + " by local");
        assertThat(door.post("/api/v1/runs/" + id + "/resume", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("queued");
        assertThat(door.fakes.asked).contains("resume " + id + " by local").endsWith("carry " + id);
        assertThat(door.post("/api/v1/runs/" + id + "/cancel", "")
                        .json()
                        .path("state")
                        .asText())
                .isEqualTo("cancelled");
        assertThat(door.fakes.asked.getLast()).startsWith("cancel");
    }

    @Test
    void tunesWhatIsNamedAlone() {
        UUID id = door.fakes.run("running").id();
        String path = "/api/v1/runs/" + id + "/settings";
        assertThat(door.send("PATCH", path, "{\"target\":\"1s\",\"rowsPerSecond\":null}")
                        .status())
                .isEqualTo(200);
        assertThat(door.fakes.asked.getLast())
                .contains("target=Optional[PT1S]", "batchSize=Optional.empty", "rowsPerSecond=Optional[0]");
        assertThat(door.send("PATCH", path, "{\"batchSize\":5}", "Content-Type", "application/merge-patch+json")
                        .status())
                .isEqualTo(200);
        assertThat(door.fakes.asked.getLast())
                .contains("batchSize=Optional[5]", "rowsPerSecond=Optional.empty", "walPerHour=Optional.empty");
    }

    @ParameterizedTest
    @CsvSource({
        "\"20GB\", 20000000000",
        "1000000, 1000000",
        "\"1000TB\", 1000000000000000",
        "null, 0",
        "0, 0",
        "\"0B\", 0"
    })
    void aBudgetOfWalIsANumberOfBytesOrAText(String given, long bytes) {
        UUID id = door.fakes.run("running").id();
        assertThat(door.send("PATCH", "/api/v1/runs/" + id + "/settings", "{\"walPerHour\":" + given + "}")
                        .status())
                .isEqualTo(200);
        assertThat(door.fakes.asked.getLast()).contains("walPerHour=Optional[" + bytes + "]");
    }

    @ParameterizedTest
    @CsvSource({"\"20%\", 0.2", "0.005, 0.005", "1, 1.0", "\"0.1%\", 0.001", "\"off\", 0.0", "0, 0.0", "null, null"})
    void aBudgetOfCoresIsAShare(String given, String share) {
        UUID id = door.fakes.run("running").id();
        assertThat(door.send("PATCH", "/api/v1/runs/" + id + "/settings", "{\"cores\":" + given + "}")
                        .status())
                .isEqualTo(200);
        assertThat(door.fakes.asked.getLast())
                .contains("walPerHour=Optional.empty", "cores=Optional[Cores[share=" + share + "]]");
    }

    @Test
    void answersTheGate() {
        JsonNode closed = door.get("/api/v1/jobs/users-full-name/gates/switch").json();
        assertThat(closed.path("open").asBoolean()).isFalse();
        assertThat(closed.path("reasons").path(0).path("code").asText()).isEqualTo("never-run");
        door.fakes.gates.add(FakeServices.open());
        JsonNode open = door.get("/api/v1/jobs/users-full-name/gates/switch").json();
        assertThat(open.path("open").asBoolean()).isTrue();
        assertThat(open.path("evidence").path("rows").asInt()).isEqualTo(1000);
    }

    @Test
    void listsEvents() {
        for (int i = 0; i < 5; i++) {
            door.fakes.append(new Actor("anna"), "run.paused", i % 2 == 0 ? "a" : "b", null, Map.of());
        }
        assertThat(door.get("/api/v1/events?limit=2").json().path("events"))
                .extracting(e -> e.path("id").asInt())
                .containsExactly(4, 5);
        assertThat(door.get("/api/v1/events?after=1&limit=2").json().path("events"))
                .extracting(e -> e.path("id").asInt())
                .containsExactly(2, 3);
        assertThat(door.get("/api/v1/events?job=b").json().path("events")).hasSize(2);
    }

    @Test
    void metricsAndHealth() {
        assertThat(door.get("/metrics").raw().body()).isEqualTo("sluice_up 1\n");
        assertThat(door.get("/metrics").header("Content-Type")).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
        assertThat(door.get("/health/live").status()).isEqualTo(200);
        assertThat(door.get("/health/ready").json().path("status").asText()).isEqualTo("ready");
    }

    @Test
    void theJobSchemaIsForEditors() throws java.io.IOException {
        Doorbell.Reply schema = door.get("/job.schema.json");
        assertThat(schema.status()).isEqualTo(200);
        assertThat(schema.header("Content-Type")).isEqualTo("application/schema+json");
        assertThat(schema.raw().body())
                .isEqualTo(java.nio.file.Files.readString(
                        java.nio.file.Path.of("src/main/resources/dev/sluice/job/job.schema.json")));
        try (Doorbell guarded = Doorbell.guarded()) {
            assertThat(guarded.get("/job.schema.json").status()).isEqualTo(401);
        }
    }

    @Test
    void aLimitMayBeAsHighAsInAJobFile() {
        UUID id = door.fakes.run("running").id();
        String path = "/api/v1/runs/" + id + "/settings";
        int most = door.get("/job.schema.json")
                .json()
                .at("/properties/migrate/properties/throttle/properties/rows-per-second/maximum")
                .asInt();
        assertThat(door.send("PATCH", path, "{\"rowsPerSecond\":" + most + "}").status())
                .isEqualTo(200);
        assertProblem(door.send("PATCH", path, "{\"rowsPerSecond\":" + (most + 1) + "}"), 400, "bad-body");
    }

    @Test
    void notReadyNamesWhichCheckFails() {
        try (Doorbell sick = Doorbell.open(
                new Operations.ReadyCheck("clock", Optional::empty),
                new Operations.ReadyCheck("control-database", () -> Optional.of("it does not answer.")),
                new Operations.ReadyCheck("broken", () -> {
                    throw new IllegalStateException("secret inside");
                }))) {
            Doorbell.Reply reply = sick.get("/health/ready");
            assertProblem(reply, 503, "not-ready");
            assertThat(reply.json().path("detail").asText())
                    .contains("control-database: it does not answer.")
                    .doesNotContain("clock");
            assertThat(reply.raw().body()).doesNotContain("secret inside");
            assertThat(sick.get("/health/live").status()).isEqualTo(200);
        }
    }

    @Test
    void whatIsOnlyToldKeepsNobodyFromBeingReady() {
        try (Doorbell told =
                Doorbell.open(new Operations.ReadyCheck("worker-name", () -> Optional.of("correct it."), false))) {
            Doorbell.Reply reply = told.get("/health/ready");
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.json().at("/checks/0/ready").asBoolean()).isTrue();
            assertThat(reply.json().at("/checks/0/message").asText()).isEqualTo("correct it.");
        }
    }

    @Test
    void aHeadIsAnsweredAsAGetWithoutTheBody() {
        try (Doorbell sick = Doorbell.open(new Operations.ReadyCheck("database", () -> Optional.of("away")))) {
            for (String path : List.of("/health/ready", "/health/live", "/metrics", "/api/v1/jobs", "/api/v1/runs/1")) {
                Doorbell.Reply head = sick.send("HEAD", path, "");
                Doorbell.Reply get = sick.get(path);
                assertThat(head.status()).as(path).isEqualTo(get.status());
                assertThat(head.header("Content-Type")).as(path).isEqualTo(get.header("Content-Type"));
                assertThat(head.raw().body()).as(path).isEmpty();
            }
            assertThat(sick.send("HEAD", "/health/ready", "").status()).isEqualTo(503);
            assertThat(sick.send("HEAD", "/api/v1/events", "", "Accept", "text/event-stream")
                            .header("Content-Type"))
                    .isEqualTo("application/json");
            assertThat(sick.send("HEAD", "/nothing", "").status()).isEqualTo(404);
            Doorbell.Reply post = sick.send("HEAD", "/api/v1/jobs/users-full-name/runs", "");
            assertThat(post.status()).isEqualTo(405);
            assertThat(post.header("Allow")).isEqualTo("POST");
        }
    }

    @Test
    void aHeadNeedsTheTokenOfItsGet() {
        try (Doorbell guarded = Doorbell.guarded()) {
            assertThat(guarded.send("HEAD", "/api/v1/jobs", "").status()).isEqualTo(401);
            assertThat(guarded.send("HEAD", "/metrics", "").status()).isEqualTo(401);
            assertThat(guarded.send("HEAD", "/api/v1/jobs", "", "Authorization", "Bearer viewer-token")
                            .status())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/jobs", "/health/live", "/nothing"})
    void everyAnswerHasTheSecurityHeaders(String path) {
        Doorbell.Reply reply = door.get(path);
        assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(reply.header("Content-Security-Policy")).contains("default-src 'none'");
        assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
        assertThat(reply.header("Server")).isEmpty();
    }

    @Test
    void aTakenPortIsSaidPlainly() {
        var same = new Settings.Http("127.0.0.1", door.server().port(), true, true, 1000, List.of());
        var second = new HttpServer(same, door.fakes.services(), new Operations(() -> "", List.of()), Time.system());
        Problem p = catchThrowableOfType(Problem.class, second::start);
        assertThat(p.code()).isEqualTo("cannot-listen");
        assertThat(p.getMessage()).contains(":" + door.server().port(), "http.port");
        second.close();
    }

    static void assertProblem(Doorbell.Reply reply, int status, String code) {
        assertThat(reply.status()).as(reply.raw().body()).isEqualTo(status);
        assertThat(reply.header("Content-Type")).startsWith("application/problem+json");
        JsonNode p = reply.json();
        assertThat(p.path("code").asText()).isEqualTo(code);
        assertThat(p.path("type").asText()).isEqualTo("urn:sluice:problem:" + code);
        assertThat(p.path("status").asInt()).isEqualTo(status);
        assertThat(p.path("title").asText()).isNotEmpty();
        assertThat(p.path("detail").asText()).isNotEmpty();
        assertThat(p.path("instance").asText()).isEqualTo(reply.raw().uri().getRawPath());
        assertThat(reply.raw().body()).doesNotContain("Exception", "at dev.sluice", "SELECT");
    }
}
