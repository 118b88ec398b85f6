package dev.sluice.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.config.Role;
import dev.sluice.config.Settings;
import dev.sluice.config.TokenHash;
import dev.sluice.time.Time;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;

/** A running server with fakes behind it, and a client in front. */
public final class Doorbell implements AutoCloseable {
    /** The tokens of a guarded server: {@code viewer-token}, {@code operator-token}, {@code approver-token}. */
    public static final List<Settings.Token> TOKENS = List.of(
            new Settings.Token("vera", Role.VIEWER, TokenHash.of("viewer-token")),
            new Settings.Token("olga", Role.OPERATOR, TokenHash.of("operator-token")),
            new Settings.Token("anna", Role.APPROVER, TokenHash.of("approver-token")));

    public final FakeServices fakes = new FakeServices();
    private final HttpServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    private Doorbell(Settings.Http settings, List<Operations.ReadyCheck> checks) {
        server = new HttpServer(
                        settings, fakes.services(), new Operations(() -> "sluice_up 1\n", checks), Time.system())
                .start();
    }

    /** Without tokens. */
    public static Doorbell open(Operations.ReadyCheck... checks) {
        return new Doorbell(new Settings.Http("127.0.0.1", 0, true, true, 1000, List.of()), List.of(checks));
    }

    /** With {@link #TOKENS}, nothing public but health. */
    public static Doorbell guarded() {
        return new Doorbell(new Settings.Http("127.0.0.1", 0, false, false, 1000, TOKENS), List.of());
    }

    /** The server itself. */
    HttpServer server() {
        return server;
    }

    /** {@code http://127.0.0.1:<port>}. */
    public String url() {
        return "http://127.0.0.1:" + server.port();
    }

    /**
     * An answer.
     *
     * @param status HTTP status
     * @param raw the whole of it
     */
    public record Reply(int status, HttpResponse<String> raw) {

        JsonNode json() {
            try {
                return new ObjectMapper().readTree(raw.body());
            } catch (IOException e) {
                throw new IllegalStateException("not JSON: " + raw.body(), e);
            }
        }

        String header(String name) {
            return Optional.ofNullable(raw.headers().firstValue(name).orElse(null))
                    .orElse("");
        }
    }

    Reply get(String path, String... headers) {
        return send("GET", path, "", headers);
    }

    Reply post(String path, String body, String... headers) {
        return send("POST", path, body, headers);
    }

    Reply send(String method, String path, String body, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(url() + path));
        var publisher =
                body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        request.method(method, publisher);
        if (!body.isEmpty() && !List.of(headers).contains("Content-Type")) {
            request.header("Content-Type", "application/json");
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            HttpResponse<String> raw = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Reply(raw.statusCode(), raw);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.close();
        client.close();
    }
}
