package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus, where one is on the path; {@code .ci/run} installs it. */
class PrometheusIT {
    @TempDir
    private Path folder;

    private final Fetch fetch = Fetch.open();
    private @Nullable Process server;

    @AfterEach
    void close() throws InterruptedException {
        fetch.close();
        if (server != null) {
            server.destroy();
            server.waitFor(20, TimeUnit.SECONDS);
        }
    }

    private static Optional<Path> prometheus() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(p -> Path.of(p, "prometheus"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private URI start(Path program) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path config = Files.writeString(folder.resolve("prometheus.yml"), "scrape_configs: []\n");
        Process started = new ProcessBuilder(
                        program.toString(),
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        server = started;
        URI url = URI.create("http://127.0.0.1:" + port);
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            assertThat(started.isAlive()).as(() -> "prometheus ended: " + log()).isTrue();
            return isReady(url);
        });
        return url;
    }

    private boolean isReady(URI url) throws InterruptedException {
        try {
            return fetch.get(url.resolve("/-/ready")).isGood();
        } catch (IOException e) {
            return false;
        }
    }

    private String log() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private List<Measurement> ask(URI url, String query) throws IOException, InterruptedException {
        return new PrometheusSource("p", url, query, Duration.ofSeconds(5), fetch).read();
    }

    @Test
    void queriesAreAnsweredAndRefused() throws Exception {
        Optional<Path> program = prometheus();
        assumeThat(program).as("prometheus on the PATH").isPresent();
        URI url = start(program.orElseThrow());
        String two =
                "label_replace(vector(2.5), \"a\", \"x\", \"\", \"\") or label_replace(vector(%s), \"a\", \"y\", \"\", \"\")";

        assertThat(ask(url, "vector(3)")).containsExactly(Measurement.of("limit", "", 3, "3"));
        assertThat(ask(url, "scalar(vector(0.25))")).containsExactly(Measurement.of("limit", "", 0.25, "0.25"));
        assertThat(ask(url, String.format(two, "7e9")))
                .extracting(Measurement::value)
                .containsExactly(7e9);
        assertThat(ask(url, String.format(two, "NaN")))
                .extracting(Measurement::value)
                .containsExactly(2.5);
        assertThatThrownBy(() -> ask(url, String.format(two, "+Inf"))).hasMessageContaining("it gives Infinity");
        assertThatThrownBy(() -> ask(url, "vector(0) / 0")).hasMessageContaining("it gives NaN");
        assertThatThrownBy(() -> ask(url, "no_such_metric{a=\"b & c\"}")).hasMessageContaining("finds no series");
        assertThatThrownBy(() -> ask(url, "up[5m]")).hasMessageContaining("gives a matrix");
        assertThatThrownBy(() -> ask(url, "\"text\"")).hasMessageContaining("gives a string");
        assertThatThrownBy(() -> ask(url, "max(("))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("answers 400: bad_data: ")
                .hasMessageContaining("parse error");
    }
}
