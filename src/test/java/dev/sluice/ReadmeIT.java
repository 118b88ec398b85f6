package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The commands of README.md, as they are printed there, on what the build has packaged. */
@DisabledOnOs(OS.WINDOWS)
class ReadmeIT {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\\n(.*?)^```$");

    @TempDir
    Path folder;

    private int port;

    record Ran(int code, String out) {}

    /** A clone, as far as the commands can tell. */
    @BeforeEach
    void workingDirectory() throws IOException {
        Files.createSymbolicLink(folder.resolve("sluice"), Path.of("sluice").toAbsolutePath());
        Files.createDirectory(folder.resolve("jobs"));
        try (Stream<Path> files = Files.list(Path.of("jobs"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve("jobs").resolve(file.getFileName()));
            }
        }
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
    }

    private Process start(String script, Path out) throws IOException {
        var builder = new ProcessBuilder("sh", "-ec", script)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SLUICE_"));
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        builder.environment().put("SLUICE_JOBS", folder.resolve("jobs").toString());
        builder.environment().put("SLUICE_SERVER", "http://127.0.0.1:" + port);
        return builder.start();
    }

    private Ran run(String script) throws Exception {
        Path out = Files.createTempFile(folder, "out", "");
        Process process = start(script, out);
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(script).isTrue();
            return new Ran(process.exitValue(), Files.readString(out, UTF_8));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
        }
    }

    @Test
    void theCommandsOfTheReadmeDoWhatItSays() throws Exception {
        List<String> blocks = new ArrayList<>();
        var found = BLOCK.matcher(Files.readString(Path.of("README.md")));
        while (found.find()) {
            blocks.add(found.group(1));
        }
        assertThat(blocks).hasSize(6);
        assertThat(blocks.get(0)).isEqualTo("./sluice dev\n");
        assertThat(blocks.get(1)).as("what runs this test").isEqualTo("mvn verify\n");
        assertThat(blocks.get(5))
                .as("needs a database of its own, see WorkerProcessIT")
                .contains("./sluice worker");

        var look = run("./sluice dev --rows 5000 --exit --fresh --port " + port);
        assertThat(look.code()).as(look.out()).isZero();
        assertThat(look.out()).contains("5,000 people", "== people-full-name", "OPEN", "Every gate is open: 4 of 4.");

        Path serving = folder.resolve("serving");
        Process dev = start("exec " + blocks.get(0).strip() + " --port " + port, serving);
        try {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> Files.readString(serving).contains("Ctrl-C stops everything"));
            for (String block : blocks.subList(2, 5)) {
                var ran = run(block);
                assertThat(ran.code()).as(block + ran.out()).isZero();
                if (block.contains("plan orders-note")) {
                    assertThat(ran.out()).contains("no mistakes", "app.orders", "imported, ");
                }
                if (block.contains("gate switch orders-note")) {
                    assertThat(ran.out()).contains("succeeded", "Gate switch of orders-note: OPEN");
                }
            }
            documentedExitCodes();
        } finally {
            dev.toHandle().destroy();
            assertThat(dev.waitFor(60, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(dev.exitValue()).isIn(0, 143);
        try (Stream<Path> left = Files.walk(folder.resolve("state"))) {
            assertThat(left.filter(p -> p.endsWith("postmaster.pid")))
                    .as("the server is stopped")
                    .isEmpty();
        }
    }

    private void documentedExitCodes() throws Exception {
        Files.writeString(folder.resolve("jobs/slow.yaml"), "job: slow\nmigrate:\n  tabel: app.orders\n");
        assertThat(run("./sluice validate").code()).as("findings").isEqualTo(1);
        var unknown = run("./sluice gate switch nobody-knows-it");
        assertThat(unknown.code()).as("an error").isEqualTo(2);
        assertThat(unknown.out()).contains("nobody-knows-it", "orders-note");
        assertThat(run("./sluice run orders-note --folow").code()).as("usage").isEqualTo(3);
    }
}
