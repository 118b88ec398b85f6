package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.event.Actor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
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

    private static String next(BufferedReader in, String prefix) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.startsWith(prefix)) {
                return line;
            }
        }
        throw new IOException("the stream ended before " + prefix);
    }
}
