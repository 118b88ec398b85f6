package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.Shell.Ran;
import dev.sluice.http.Doorbell;
import dev.sluice.http.FakeServices;
import dev.sluice.run.RunStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FollowRunTest {
    private static final UUID ID = UUID.randomUUID();
    private static final RunStatus.Limit LIMIT =
            new RunStatus.Limit("rows-per-second", "20,000 rows/s is the limit", 20_000.0, 20_000.0, Instant.EPOCH);
    private final Doorbell door = Doorbell.open();
    private final Shell shell = Shell.at(door.url());

    @AfterEach
    void close() {
        door.close();
    }

    @ParameterizedTest
    @CsvSource({"succeeded, 0", "failed, 1", "incomplete, 1", "cancelled, 1"})
    void theExitCodeSaysHowItEnded(String state, int code) {
        script(state);
        Ran ran = shell.run("run", "users-full-name", "--follow");
        assertThat(ran.code()).isEqualTo(code);
        assertThat(ran.out()).contains("of users-full-name: " + state);
        assertThat(ran.out().contains("definition-error")).isEqualTo(state.equals("failed"));
    }

    @Test
    void aMachineGetsALineAStep() {
        script("succeeded");
        Ran ran = shell.run("run", "users-full-name", "--follow");
        assertThat(ran.out().lines().filter(l -> l.startsWith("running"))).hasSize(2);
        assertThat(ran.out())
                .contains("running migrate 10.0%, 100 of about 1,000 rows, 100 changed, 50 rows/s, ETA 18s, batch 100")
                .contains("limited by rows-per-second: 20,000 rows/s is the limit")
                .doesNotContain("20.0%"); // half a second after a line about the same step
    }

    @Test
    void everyFiveSecondsALineWhileRowsAreWalked() {
        for (int i = 0; i < 40; i++) {
            door.fakes.script.add(FakeServices.status(ID, "running", 10L * i, null));
        }
        door.fakes.script.add(FakeServices.status(ID, "succeeded", 1000, null));
        Ran ran = shell.run("run", "users-full-name", "--follow");
        assertThat(ran.out().lines().filter(l -> l.startsWith("running"))).hasSize(4);
    }

    @Test
    void aPersonGetsABar() {
        script("succeeded");
        shell.watched = true;
        Ran ran = shell.run("run", "users-full-name", "--follow");
        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .contains(
                        "users-full-name migrate",
                        "100%",
                        "[=",
                        "50 rows/s",
                        "1,000/1,000 rows",
                        ": succeeded, 1,000 rows changed.");
    }

    @Test
    void theBarKeepsItsPlaceWhateverStandsBesideIt() {
        for (int i = 1; i <= 3; i++) {
            door.fakes.script.add(FakeServices.status(ID, "running", 100L * i, i == 2 ? LIMIT : null));
        }
        door.fakes.script.add(FakeServices.pass(ID, "verify", 500));
        door.fakes.script.add(FakeServices.pass(ID, "verify", 900));
        door.fakes.script.add(FakeServices.status(ID, "succeeded", 1000, null));
        shell.watched = true;
        shell.environment.put("COLUMNS", "90");
        Ran ran = shell.run("run", "users-full-name", "--follow");
        var lines = ran.out()
                .replace("\r", "\n")
                .lines()
                .filter(l -> l.startsWith("users-full-name"))
                .toList();
        assertThat(lines).isNotEmpty().allSatisfy(l -> {
            assertThat(l.indexOf(']') - l.indexOf('[')).isEqualTo(21);
            assertThat(l.length()).isLessThan(90);
        });
        assertThat(lines.getLast()).contains("100%", "1,000/1,000 rows");
        assertThat(ran.out()).as("no empty line between passes").doesNotContain("\n\n", "\n\r\n");
    }

    @Test
    void jsonIsALineForEachChange() {
        script("succeeded");
        Ran ran = shell.run("run", "users-full-name", "--follow", "--output", "json");
        assertThat(ran.out().lines()).hasSize(4).allMatch(l -> l.startsWith("{") && l.endsWith("}"));
        assertThat(ran.out().lines().reduce((a, b) -> b).orElse("")).contains("\"state\":\"succeeded\"");
    }

    @Test
    void ctrlCLeavesTheRunAliveAndSaysSo() {
        script("succeeded");
        shell.run("run", "users-full-name", "--follow");
        assertThat(shell.interrupts).as("one while it follows, nothing after").hasSize(2);
        assertThat(door.fakes.asked).noneMatch(a -> a.startsWith("cancel"));
    }

    @Test
    void aWorkerThatStaysAwayEndsTheWait() throws InterruptedException {
        String gone = door.url();
        door.close();
        var err = new java.io.ByteArrayOutputStream();
        var print = new java.io.PrintStream(err, true, java.nio.charset.StandardCharsets.UTF_8);
        var terminal = new Terminal(print, print, shell.environment, false, shell.time, shell.interrupts::add);
        var server = new ApiClient(java.net.URI.create(gone), java.util.Optional.empty());
        var follow = new FollowRun(server, terminal, false);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> follow.follow(ID.toString()))
                .isInstanceOf(ApiClient.Away.class);
        assertThat(shell.time.now())
                .isAfter(new dev.sluice.testing.SteppedTime().now().plus(Duration.ofMinutes(2)));
        assertThat(err.toString(java.nio.charset.StandardCharsets.UTF_8))
                .contains("asking again for 2m")
                .hasLineCount(1);
        shell.interrupts.getFirst().run();
        assertThat(err.toString(java.nio.charset.StandardCharsets.UTF_8))
                .contains("The run goes on without you", "sluice cancel " + ID);
    }

    @Test
    void aDatabaseThatIsAwayDoesNotEndTheWait() {
        script("succeeded");
        door.fakes.awayAfter(2, 1_000); // looks, half a second apart: more than eight minutes
        Ran ran = shell.run("run", "users-full-name", "--follow");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.err()).containsOnlyOnce("Waiting: Database \"main\" does not answer");
        assertThat(ran.out()).contains("of users-full-name: succeeded");
        assertThat(shell.time.now())
                .isAfter(new dev.sluice.testing.SteppedTime().now().plus(Duration.ofMinutes(8)));
    }

    @Test
    void whatIsNotThereIsNotWaitedFor() {
        var terminal = new Terminal(System.out, System.err, shell.environment, false, shell.time, r -> {});
        var server = new ApiClient(java.net.URI.create(door.url()), java.util.Optional.empty());
        var follow = new FollowRun(server, terminal, false);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> follow.follow(ID.toString()))
                .isInstanceOf(ApiClient.Refused.class);
    }

    /** 10 %, 20 %, limited at 30 %, ended. */
    private void script(String end) {
        door.fakes.script.add(FakeServices.status(ID, "running", 100, null));
        door.fakes.script.add(FakeServices.status(ID, "running", 200, null));
        door.fakes.script.add(FakeServices.status(ID, "running", 300, LIMIT));
        door.fakes.script.add(FakeServices.status(ID, end, 1000, null));
    }
}
