package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.Shell.Ran;
import dev.sluice.http.Doorbell;
import dev.sluice.problem.Problem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code stop-all} and {@code resume-all} against a real server. */
class FleetCommandsTest {
    private final Doorbell door = Doorbell.open();
    private final Shell shell = Shell.at(door.url());

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void stopsAllSaysSoAndLetsThemGoOn() {
        Ran stopped = shell.run("stop-all", "--reason", "a deploy");
        assertThat(stopped.code()).isZero();
        assertThat(stopped.out())
                .isEqualTo("All runs are stopped by local since 2026-03-01T12:00:00Z: a deploy."
                        + " They go on after: sluice resume-all" + System.lineSeparator());
        assertThat(shell.run("status").out()).contains("All runs are stopped by local");
        assertThat(shell.run("status", "--output", "json").out()).doesNotContain("All runs are stopped");
        Ran resumed = shell.run("resume-all");
        assertThat(resumed.code()).isZero();
        assertThat(resumed.out()).isEqualTo("All runs may go on." + System.lineSeparator());
        assertThat(shell.run("status").out()).doesNotContain("stopped");
        assertThat(door.fakes.asked).containsExactly("stop-all a deploy by local", "resume-all by local");
    }

    @Test
    void asJsonItIsTheAnswer() {
        assertThat(shell.run("stop-all", "--output", "json").out())
                .startsWith("{\"stopped\":true,\"by\":\"local\",")
                .contains("\"reason\":null");
        assertThat(shell.run("resume-all", "--output", "json").out()).startsWith("{\"stopped\":false");
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsAnError() {
        door.fakes.fail(new Problem(
                Problem.Kind.UNAVAILABLE, "stop-incomplete", "The stop is noted, but not main. Repeat the call."));
        Ran ran = shell.run("stop-all");
        assertThat(ran.code()).isEqualTo(Exit.ERROR);
        assertThat(ran.err()).contains("error: The stop is noted, but not main. Repeat the call.");
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aReasonHasALength() {
        for (String reason : new String[] {" ", "x".repeat(501)}) {
            Ran ran = shell.run("stop-all", "--reason", reason);
            assertThat(ran.code()).isEqualTo(Exit.USAGE);
            assertThat(ran.err()).contains("--reason takes 1 to 500 characters.");
        }
        assertThat(door.fakes.asked).isEmpty();
    }
}
