package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.event.Actor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventStreamTest {
    private static final Actor ANNA = new Actor("anna");

    @Test
    void sendsWhatWasAndWhatComesAndEndsWithTheServer() throws IOException {
        try (Doorbell door = Doorbell.open();
                var socket = new Socket("127.0.0.1", door.server().port())) {
            for (String action : new String[] {"run.queued", "run.started", "run.paused"}) {
                door.fakes.append(ANNA, action, "a", null, Map.of());
            }
            socket.getOutputStream()
                    .write(
                            ("GET /api/v1/events?limit=2&job=a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8));
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(next(in, "id:")).endsWith("2");
            assertThat(next(in, "event:")).endsWith("run.started");
            assertThat(next(in, "id:")).endsWith("3");
            assertThat(next(in, "data:")).contains("\"actor\":\"anna\"", "\"id\":3");
            door.fakes.append(ANNA, "run.paused", "b", null, Map.of());
            door.fakes.append(ANNA, "run.resumed", "a", null, Map.of());
            assertThat(next(in, "id:")).endsWith("5"); // neither 1 nor 4
            assertThat(next(in, "data:")).contains("run.resumed");
            door.close();
            while (in.readLine() != null) {
                // until the server hangs up
            }
        }
    }

    @Test
    void goesOnAfterTheLastEventTheClientSaw() throws IOException {
        try (Doorbell door = Doorbell.open();
                var socket = new Socket("127.0.0.1", door.server().port())) {
            for (int i = 0; i < 4; i++) {
                door.fakes.append(ANNA, "run.paused", "a", null, Map.of());
            }
            socket.getOutputStream()
                    .write(
                            ("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: 3\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8));
            var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            assertThat(next(in, "id:")).endsWith("4");
        }
    }

    /** A client that goes away hard, as soon as it has asked. */
    @Test
    void aSlotIsGivenBackWhenTheClientResetsBeforeTheStreamHasBegun() throws IOException {
        try (Doorbell door = Doorbell.open()) {
            for (int i = 0; i < 600; i++) {
                var socket = new Socket("127.0.0.1", door.server().port());
                socket.getOutputStream().write(stream("text/event-stream"));
                socket.setSoLinger(true, 0);
                socket.close();
            }
            assertThat(openAll(door, EventStreams.MOST)).isEqualTo(EventStreams.MOST);
        }
    }

    @Test
    void aSlotIsGivenBackWhenAClientWithATokenLeavesAtTheFirstLine() throws IOException {
        try (Doorbell door = Doorbell.open()) {
            for (int i = 0; i < 3 * EventStreams.MOST; i++) {
                try (var socket = new Socket("127.0.0.1", door.server().port())) {
                    socket.getOutputStream().write(stream("text/event-stream, */*"));
                    assertThat(status(socket)).isIn("200", "503");
                }
            }
            assertThat(openAll(door, EventStreams.MOST)).isEqualTo(EventStreams.MOST);
        }
    }

    @Test
    void oneTokenCannotTakeAllOfThem() throws IOException {
        var held = new ArrayList<Socket>();
        try (Doorbell door = Doorbell.guarded()) {
            for (int i = 0; i < EventStreams.MOST_OF_ONE; i++) {
                held.add(asked(door, "Authorization: Bearer viewer-token"));
                assertThat(status(held.getLast())).isEqualTo("200");
            }
            held.add(asked(door, "Authorization: Bearer viewer-token"));
            assertThat(status(held.getLast())).isEqualTo("429");
            held.add(asked(door, "Authorization: Bearer operator-token"));
            assertThat(status(held.getLast())).isEqualTo("200");
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    /** Opens so many at a time, asking again for each that is refused. How many are open in the end. */
    private static int openAll(Doorbell door, int wanted) throws IOException {
        var held = new ArrayList<Socket>();
        try {
            await().pollDelay(Duration.ZERO).atMost(Duration.ofSeconds(20)).until(() -> {
                while (held.size() < wanted) {
                    var socket = new Socket("127.0.0.1", door.server().port());
                    socket.getOutputStream().write(stream("text/event-stream"));
                    if (!status(socket).equals("200")) {
                        socket.close();
                        return false;
                    }
                    held.add(socket);
                }
                return true;
            });
            return held.size();
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    private static Socket asked(Doorbell door, String header) throws IOException {
        var socket = new Socket("127.0.0.1", door.server().port());
        socket.getOutputStream()
                .write(("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + header
                                + "\r\n\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static byte[] stream(String accept) {
        return ("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The status of the answer. */
    private static String status(Socket socket) throws IOException {
        byte[] line = socket.getInputStream().readNBytes(12);
        return new String(line, StandardCharsets.UTF_8).replace("HTTP/1.1 ", "");
    }

    private static String next(BufferedReader in, String prefix) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.startsWith(prefix)) {
                return line;
            }
        }
        throw new IOException("the stream ended before " + prefix);
    }
}
