package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.cli.Shell.Ran;
import dev.sluice.event.Actor;
import dev.sluice.http.Doorbell;
import dev.sluice.http.FakeServices;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each command against a real server: exit code, text, JSON. */
class CommandLineAppTest {
    private static final String JOB = "users-full-name";
    private final Doorbell door = Doorbell.open();
    private final Shell shell = Shell.at(door.url());

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void statusShowsJobsRunsAndBadFiles() {
        door.fakes.run("running");
        Ran all = shell.run("status");
        assertThat(all.code()).isZero();
        assertThat(all.out())
                .containsPattern("JOB +STATE +PASS +DONE")
                .containsPattern(JOB + " +running +migrate +25.0% +50 rows/s +15s +2026-12-24T18:00:00Z")
                .contains("bad.yaml:3: migrate.tabel: unknown key. Fix: write migrate.table.");
        Ran one = shell.run("status", JOB);
        assertThat(one.out())
                .contains(
                        "app.users in main, set",
                        "running migrate 25.0%, 250 of about 1,000 rows",
                        "target 200ms",
                        ", next start 2026-12-24T18:00:00Z");
        RunStatus failed = door.fakes.run("failed");
        assertThat(shell.run("status", failed.id().toString()).out())
                .contains("definition-error: no such column", "SQLSTATE 42703", "--output json")
                .doesNotContain("UPDATE x", "rows changed.")
                .containsOnlyOnce("no such column");
    }

    @Test
    void planTellsAndItsExitCodeSaysWhetherItMayRun() {
        Ran good = shell.run("plan", JOB, "--sql");
        assertThat(good.code()).isZero();
        assertThat(good.out())
                .contains(
                        "about 1,000,000, 123.5 MB, 1 partition",
                        "about 95s, at least 2h 38m where others are at work all the time",
                        "warn still-matching",
                        "Index Scan",
                        "Ada Lovelace");
        door.fakes.runnable(false);
        Ran refused = shell.run("plan", JOB);
        assertThat(refused.code()).isEqualTo(Exit.CLOSED);
        assertThat(refused.out()).contains("refuse key-not-unique", "It cannot run");
    }

    @Test
    void planLeavesOutWhatNobodyKnows() {
        door.fakes.tableMissing();
        Ran refused = shell.run("plan", JOB);
        assertThat(refused.code()).isEqualTo(Exit.CLOSED);
        assertThat(refused.out())
                .contains("refuse no-such-table")
                .doesNotContain("key ...", "rows ...", "time ...", "repeatable", "verified", "-1", "by -");
        assertThat(shell.run("plan", JOB, "--output", "json").out())
                .contains("\"estimatedRows\":null", "\"repeatable\":null", "\"partitions\":null");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "plan", "status", "gate switch"})
    void aJobThatIsNotThereOrBrokenIsToldTheSameEverywhere(String command) {
        Ran unknown = shell.run((command + " nope").split(" "));
        assertThat(unknown.code()).isEqualTo(Exit.ERROR);
        assertThat(unknown.err())
                .isEqualTo("error: There is no job \"nope\". Known: users-full-name. Files with mistakes: 1;"
                        + " `sluice status` and GET /api/v1/jobs tell them. Fix the name, or add a file that says"
                        + " `job: nope` to the worker's jobs folder."
                        + System.lineSeparator());
        Ran broken = shell.run((command + " bad").split(" "));
        assertThat(broken.code()).isEqualTo(Exit.ERROR);
        assertThat(broken.err())
                .contains(
                        "Job \"bad\" is not offered: bad.yaml has 1 mistake. bad.yaml:3: migrate.tabel",
                        "sluice validate");
    }

    @Test
    void aWaitThatIsNoLimitIsNotCalledOne() {
        var queued =
                new RunStatus.Limit("queued", "waiting for a worker to take it", null, null, java.time.Instant.EPOCH);
        UUID id = UUID.randomUUID();
        door.fakes.runs.put(id, FakeServices.status(id, "queued", 0, queued));
        assertThat(shell.run("status", id.toString()).out())
                .contains(", waiting for a worker to take it")
                .doesNotContain("limited by queued:");
    }

    @Test
    void aLongConditionIsCutForPeopleAlone() {
        String condition = "x".repeat(1500);
        door.fakes.gates.add(new dev.sluice.phase.GateAnswer(
                JOB, "switch", true, java.util.List.of(), Map.of("condition", condition)));
        assertThat(shell.run("gate", "switch", JOB).out().lines()).allMatch(l -> l.length() < 400);
        assertThat(shell.run("gate", "switch", JOB, "--output", "json").out()).contains(condition);
    }

    @Test
    void runStartsAndSaysSo() {
        Ran first = shell.run("run", JOB, "--idempotency-key", "k");
        assertThat(first.code()).isZero();
        assertThat(first.out()).contains("is queued");
        assertThat(shell.run("run", JOB, "--idempotency-key", "k").out()).contains("was started by this key before");
    }

    @Test
    void aLiveRunIsAnErrorThatNamesIt() {
        RunStatus live = door.fakes.run("running");
        Ran ran = shell.run("run", JOB);
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err()).contains("error: Run " + live.id() + " of this job is live");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "resume", "cancel"})
    void movesTakeARunsIdOrAJobsName(String verb) {
        UUID id = door.fakes.run("running").id();
        assertThat(shell.run(verb, id.toString()).code()).isZero();
        assertThat(shell.run(verb, JOB).out()).contains("Run " + id + " of " + JOB);
        assertThat(door.fakes.asked.stream().filter(a -> a.startsWith(verb))).hasSize(2);
    }

    @Test
    void aJobThatNeverRanHasNothingToPause() {
        Ran ran = shell.run("pause", JOB);
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err()).contains("has no run yet. Start one: sluice run " + JOB);
    }

    @Test
    void tuneSendsWhatIsNamed() {
        UUID id = door.fakes.run("running").id();
        assertThat(shell.run("tune", id.toString(), "--rows-per-second", "5000", "--target", "1s")
                        .code())
                .isZero();
        assertThat(door.fakes.asked.getLast())
                .contains("target=Optional[PT1S]", "batchSize=Optional.empty", "rowsPerSecond=Optional[5000]");
        assertThat(shell.run("tune", id.toString(), "--wal-per-hour", "20GB").code())
                .isZero();
        assertThat(door.fakes.asked.getLast())
                .contains("rowsPerSecond=Optional.empty", "walPerHour=Optional[20000000000]");
        assertThat(shell.run("tune", id.toString(), "--wal-per-hour", "0").code())
                .isZero();
        assertThat(door.fakes.asked.getLast()).contains("walPerHour=Optional[0]");
        assertThat(shell.run("tune", id.toString(), "--cores", "20%").code()).isZero();
        assertThat(door.fakes.asked.getLast()).contains("cores=Optional[Cores[share=0.2]]");
        assertThat(shell.run("tune", id.toString(), "--cores", "off").code()).isZero();
        assertThat(door.fakes.asked.getLast()).contains("cores=Optional[Cores[share=0.0]]");
        assertThat(shell.run("tune", id.toString(), "--cores", "0.05").code()).isZero();
        assertThat(door.fakes.asked.getLast()).contains("cores=Optional[Cores[share=0.05]]");
        assertThat(shell.run("tune", id.toString(), "--cores", "default").code())
                .isZero();
        assertThat(door.fakes.asked.getLast()).contains("cores=Optional[Cores[share=null]]");
        assertThat(shell.run("tune", id.toString(), "--cores", "much").err()).contains("cores: not a share");
        assertThat(shell.run("tune", id.toString(), "--cores", "101%").err()).contains("cores: out of range");
        assertThat(shell.run("tune", id.toString(), "--batch-size", "0").err()).contains("batchSize: out of range");
    }

    @Test
    void theGatesExitCodeIsItsAnswer() {
        Ran closed = shell.run("gate", "switch", JOB);
        assertThat(closed.code()).isEqualTo(Exit.CLOSED);
        assertThat(closed.out()).contains("Gate switch of " + JOB + ": CLOSED", "never-run: It never ran. Run it.");
        door.fakes.gates.add(FakeServices.open());
        Ran open = shell.run("gate", "switch", JOB, JOB);
        assertThat(open.code()).isZero();
        assertThat(open.out()).contains(": OPEN").containsPattern("rows \\.+ 1,000");
        door.fakes.gates.clear();
        door.fakes.gates.add(FakeServices.open());
        door.fakes.gates.add(FakeServices.closed());
        assertThat(shell.run("gate", "switch", JOB, JOB).code())
                .as("one of two is closed")
                .isEqualTo(Exit.CLOSED);
        door.fakes.gates.clear();
        door.fakes.gates.add(FakeServices.closed());
        door.fakes.gates.add(FakeServices.open());
        assertThat(shell.run("gate", "switch", JOB, JOB).code())
                .as("the other one")
                .isEqualTo(Exit.CLOSED);
    }

    @Test
    void theGateIsWaitedFor() {
        for (int i = 0; i < 3; i++) {
            door.fakes.gates.add(FakeServices.closed());
        }
        door.fakes.gates.add(FakeServices.open());
        Ran ran = shell.run("gate", "switch", JOB, "--wait", "1h");
        assertThat(ran.code()).isZero();
        assertThat(ran.err())
                .contains("Waiting up to 1h: " + JOB + ": never-run")
                .hasLineCount(1);
        assertThat(shell.time.pauses())
                .containsExactly(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));
        door.fakes.gates.clear();
        assertThat(shell.run("gate", "switch", JOB, "--wait", "10s").code()).isEqualTo(Exit.CLOSED);
        assertThat(shell.time.pauses()).hasSize(3 + 5);
        assertThat(shell.run("gate", "switch", "nope", "--wait", "10s").code())
                .as("no use to wait")
                .isEqualTo(Exit.ERROR);
    }

    @Test
    void eventsAreListed() {
        door.fakes.append(new Actor("anna"), "run.paused", JOB, null, Map.of("why", "lunch"));
        door.fakes.append(new Actor("anna"), "run.resumed", "other", null, Map.of());
        Ran ran = shell.run("events", "--job", JOB);
        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .containsPattern("1 +2026-03-01T12:00:00Z +anna +run.paused")
                .contains("lunch")
                .doesNotContain("resumed");
        assertThat(shell.run("events", "--after", "1").out())
                .contains("run.resumed")
                .doesNotContain("run.paused");
        assertThat(shell.run("events", "--limit", "0").code()).isEqualTo(Exit.ERROR);
    }

    @Test
    void jsonIsOneDocumentAndNothingElse() throws JsonProcessingException {
        UUID id = door.fakes.run("running").id();
        String[][] commands = {
            {"status"},
            {"status", JOB},
            {"status", id.toString()},
            {"plan", JOB},
            {"pause", id.toString()},
            {"tune", id.toString(), "--batch-size", "5"},
            {"gate", "switch", JOB},
            {"events"},
            {"cancel", JOB},
            {"run", JOB},
            {"token", "ci", "--role", "viewer"},
            {"validate", folder.toString()},
            {"run", "nope"},
            {"status", "00000000-0000-0000-0000-000000000000"},
            {"pause", "nope"},
        };
        for (String[] command : commands) {
            String[] args = java.util.Arrays.copyOf(command, command.length + 2);
            args[command.length] = "--output";
            args[command.length + 1] = "json";
            Ran ran = shell.run(args);
            assertThat(ran.out()).as(String.join(" ", args)).hasLineCount(1);
            JsonNode document = new ObjectMapper().readTree(ran.out());
            assertThat(document.isObject()).isTrue();
            assertThat(document.has("code") && document.has("detail"))
                    .as(ran.out())
                    .isEqualTo(ran.code() == Exit.ERROR);
        }
    }

    @Test
    void aMissingWorkerIsSaidWithItsAddressAndHowToStartOne() {
        shell.environment.put("SLUICE_SERVER", "http://127.0.0.1:1");
        Ran ran = shell.run("status");
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err())
                .contains("No worker answers at http://127.0.0.1:1", "sluice worker", "--server")
                .doesNotContain("at java");
        assertThat(shell.run("status", "--server", door.url()).code())
                .as("the option wins")
                .isZero();
    }

    @Test
    void somethingElseAtTheAddressIsNoticed() {
        Ran ran = shell.run("status", "--server", door.url() + "/metrics?x=");
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err()).contains("is no Sluice worker: status 200, text/plain");
    }

    @Test
    void theTokenComesFromTheEnvironmentOrAFile() throws IOException {
        try (Doorbell guarded = Doorbell.guarded()) {
            shell.environment.put("SLUICE_SERVER", guarded.url());
            assertThat(shell.run("status").err()).contains("This needs a token");
            shell.environment.put("SLUICE_TOKEN", "viewer-token");
            assertThat(shell.run("status").code()).isZero();
            Ran forbidden = shell.run("run", JOB);
            assertThat(forbidden.code()).isEqualTo(Exit.ERROR);
            assertThat(forbidden.err())
                    .contains("role viewer; this needs operator")
                    .doesNotContain("viewer-token");
            assertThat(shell.run("plan", JOB).out()).contains("shown to operators only");
            Path file = Files.writeString(folder.resolve("token"), "operator-token\n");
            assertThat(shell.run("run", JOB, "--token-file", file.toString()).code())
                    .isZero();
            assertThat(shell.run(
                                    "status",
                                    "--token-file",
                                    folder.resolve("none").toString())
                            .err())
                    .contains("cannot be read");
            Files.writeString(file, "two tokens");
            Ran bad = shell.run("status", "--token-file", file.toString());
            assertThat(bad.code()).isEqualTo(Exit.ERROR);
            assertThat(bad.err()).contains("must hold one token").doesNotContain("two tokens");
        }
    }

    @Test
    void whatTheWorkerCannotDoNowIsAnError() {
        door.fakes.fail(new Problem(Problem.Kind.UNAVAILABLE, "database-away", "The database is away."));
        Ran ran = shell.run("status");
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err()).isEqualTo("error: The database is away.\n");
    }
}
