package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may only look cannot end a worker by what it sends: it answers, it lives, and its run goes on meanwhile. */
@Timeout(180)
@Tag("database")
class HostileRequestsIT {
    private static final int AT_ONCE = 40;
    private static final String PLAN = "POST /api/v1/jobs/t/plan HTTP/1.1";
    private static final String RUNS = "POST /api/v1/jobs/t/runs HTTP/1.1";
    private static final String STOP = "POST /api/v1/stop-all HTTP/1.1";

    @TempDir
    Path folder;

    private URI address = URI.create("http://none");

    @Test
    void aWorkerOutlivesWhatItIsSent() throws Exception {
        Path jobs = Files.createDirectories(folder.resolve("jobs"));
        TestPostgres.Fresh db = TestPostgres.create();
        db.run(
                "CREATE TABLE t (id bigint PRIMARY KEY, n int)",
                "INSERT INTO t (id) SELECT generate_series(1, 1000000)");
        Files.writeString(
                jobs.resolve("t.yaml"),
                "job: t\nmigrate: { table: public.t, set: { n: '1' }, where: n IS NULL,"
                        + " throttle: { rows-per-second: 500, cores: off } }\n");
        List<String> memory = List.of("-Xmx128m", "-XX:+ExitOnOutOfMemoryError");
        try (WorkerProcess worker = WorkerProcess.start(db, jobs, folder.resolve("worker.log"), Map.of(), memory)) {
            await().atMost(Duration.ofSeconds(60)).until(worker::isReady);
            address = URI.create(worker.address());
            String run = worker.post("/api/v1/jobs/t/runs").at("/run/id").asText();
            await().atMost(Duration.ofSeconds(60)).until(() -> changed(worker, run) > 0);
            List<Socket> slow = slowBodies();
            for (var kind : kinds().entrySet()) {
                long before = changed(worker, run);
                List<String> answers = together(kind.getValue());
                assertThat(answers)
                        .as("%s%n%s", kind.getKey(), worker.lastWords())
                        .hasSize(AT_ONCE)
                        // who sends more than is read may find the connection closed
                        .allSatisfy(status -> assertThat(status).matches("4\\d\\d|505|closed"))
                        .anySatisfy(status -> assertThat(status).isNotEqualTo("closed"));
                assertThat(worker.isAlive()).as(kind.getKey()).isTrue();
                assertThat(worker.isReady()).as(kind.getKey()).isTrue();
                await(kind.getKey()).atMost(Duration.ofSeconds(20)).until(() -> changed(worker, run) > before);
            }
            for (Socket socket : slow) {
                socket.setSoTimeout(60_000);
                assertThat(status(socket)).isIn("408", "400", "closed");
                socket.close();
            }
            assertThat(worker.said()).doesNotContain("OutOfMemoryError", " ERROR ");
        }
    }

    private static long changed(WorkerProcess worker, String run) throws IOException {
        return worker.get("/api/v1/runs/" + run).at("/progress/changed").asLong();
    }

    /** By what they are, each as the bytes of the n-th request. */
    private static Map<String, IntFunction<byte[]>> kinds() {
        return Map.ofEntries(
                Map.entry("100,000 unknown fields", n -> json(PLAN, fields(100_000))),
                Map.entry("100,000 unknown fields in chunks", n -> chunked(fields(100_000))),
                Map.entry("as many unknown fields as a body holds", n -> json(PLAN, fields(1_000))),
                Map.entry("deep nesting", n -> json(PLAN, "{\"a\":" + "[".repeat(15_000))),
                Map.entry("deep objects", n -> json(PLAN, "{\"a\":".repeat(3_000))),
                Map.entry("a huge number", n -> json(PLAN, "{\"a\":1" + "0".repeat(15_000) + "}")),
                Map.entry("a huge exponent", n -> json(PLAN, "{\"a\":1e999999999}")),
                Map.entry("a huge text", n -> json(STOP, "{\"reason\":\"" + "x".repeat(15_000) + "\"}")),
                Map.entry("a text with NUL", n -> json(STOP, "{\"reason\":\"\\u0000\"}")),
                Map.entry("a huge name", n -> json(PLAN, "{\"" + "x".repeat(15_000) + "\":1}")),
                Map.entry("a body of 8 MB", n -> json(PLAN, "{\"a\":\"" + "x".repeat(8_000_000) + "\"}")),
                Map.entry("a body that is announced and never sent", n -> head(PLAN, "Content-Length: 9000000000")),
                Map.entry("not UTF-8", n -> request(PLAN, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'})),
                Map.entry("UTF-16", n -> request(PLAN, "{\"a\":1}".getBytes(StandardCharsets.UTF_16))),
                Map.entry("gzip", n -> request(PLAN, gzip("{\"a\":\"" + "x".repeat(10_000_000) + "\"}"))),
                Map.entry("a form", n -> text(PLAN, "application/x-www-form-urlencoded", "a=1&".repeat(3_000))),
                Map.entry("parts", n -> text(PLAN, "multipart/form-data; boundary=x", "--x\r\n".repeat(2_000))),
                Map.entry(
                        "many headers",
                        n -> head(
                                "GET /api/v1/jobs HTTP/1.1",
                                IntStream.range(0, 2_000)
                                        .mapToObj(i -> "X-" + i + ": " + i)
                                        .collect(Collectors.joining("\r\n")))),
                Map.entry(
                        "a huge query", n -> head("GET /api/v1/runs?job=" + "x".repeat(50_000) + " HTTP/1.1", "A: b")),
                Map.entry("many parameters", n -> head("GET /api/v1/runs?" + "a&".repeat(2_000) + " HTTP/1.1", "A: b")),
                Map.entry("a broken path", n -> head("GET /api/v1/jobs/%u0041 HTTP/1.1", "A: b")),
                Map.entry("NUL in a query", n -> head("GET /api/v1/runs?job=%00 HTTP/1.1", "A: b")),
                Map.entry("a key for each", n -> head(RUNS, "Content-Length: 0\r\nIdempotency-Key: k" + n)),
                Map.entry("no HTTP", n -> ("\u0000\u0001" + "x".repeat(20_000)).getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static String fields(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"f" + i + "\":1").collect(Collectors.joining(",", "{", "}"));
    }

    private static byte[] head(String line, String headers) {
        return (line + "\r\nHost: localhost\r\n" + headers + "\r\n\r\n").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] json(String line, String body) {
        return text(line, "application/json", body);
    }

    private static byte[] request(String line, byte[] body) {
        return join(head(line, "Content-Type: application/json\r\nContent-Length: " + body.length), body);
    }

    private static byte[] text(String line, String type, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return join(head(line, "Content-Type: " + type + "\r\nContent-Length: " + bytes.length), bytes);
    }

    private static byte[] chunked(String body) {
        return join(
                head(PLAN, "Content-Type: application/json\r\nTransfer-Encoding: chunked"),
                (Integer.toHexString(body.length()) + "\r\n" + body + "\r\n0\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] gzip(String body) {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new GZIPOutputStream(bytes)) {
            zip.write(body.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return bytes.toByteArray();
    }

    private static byte[] join(byte[] head, byte[] body) {
        var all = new ByteArrayOutputStream();
        all.writeBytes(head);
        all.writeBytes(body);
        return all.toByteArray();
    }

    /** Announced, begun, and never gone on with. */
    private List<Socket> slowBodies() throws IOException {
        var slow = new ArrayList<Socket>();
        for (int i = 0; i < AT_ONCE; i++) {
            var socket = new Socket(address.getHost(), address.getPort());
            socket.getOutputStream()
                    .write(join(head(PLAN, "Content-Type: application/json\r\nContent-Length: 100"), new byte[] {'{'}));
            slow.add(socket);
        }
        return slow;
    }

    private List<String> together(IntFunction<byte[]> request) {
        byte[][] requests = IntStream.range(0, AT_ONCE).mapToObj(request).toArray(byte[][]::new);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            return IntStream.range(0, AT_ONCE)
                    .mapToObj(i -> CompletableFuture.supplyAsync(() -> answer(requests[i]), threads))
                    .toList()
                    .stream()
                    .map(CompletableFuture::join)
                    .toList();
        }
    }

    /** The status. */
    private String answer(byte[] request) {
        try (var socket = new Socket(address.getHost(), address.getPort())) {
            socket.setSoTimeout(30_000);
            try {
                socket.getOutputStream().write(request);
            } catch (IOException e) {
                // it has closed the connection already; it may have said why
            }
            return status(socket);
        } catch (IOException e) {
            return "closed";
        }
    }

    private static String status(Socket socket) {
        try {
            String line = new String(socket.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
            return line.startsWith("HTTP/1.1 ") ? line.substring(9) : "closed";
        } catch (IOException e) {
            return "closed";
        }
    }
}
