package dev.sluice.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevPortTest {
    @TempDir
    Path folder;

    @Test
    void aTakenPortIsToldBeforeAnythingIsStarted() throws IOException {
        var out = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        var dev = new Dev(
                new StateFolder(folder.resolve("dev"), folder.resolve("postgres")),
                settings -> {
                    throw new AssertionError("no worker is wanted");
                },
                new NoDoors(),
                out,
                Time.system());
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var options = new DevOptions(OptionalLong.empty(), false, true, taken.getLocalPort(), folder);
            assertThatThrownBy(() -> dev.run(options))
                    .isInstanceOfSatisfying(
                            Problem.class, p -> assertThat(p.code()).isEqualTo("port-taken"))
                    .hasMessageContaining("Port " + taken.getLocalPort())
                    .hasMessageContaining("--port 0");
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static final class NoDoors implements DevClient {
        @Override
        public boolean isOpen(String server, String job) {
            throw new AssertionError("nobody is asked");
        }

        @Override
        public void follow(String server, String job) {
            throw new AssertionError("nobody is asked");
        }

        @Override
        public boolean printGate(String server, String job) {
            throw new AssertionError("nobody is asked");
        }
    }
}
