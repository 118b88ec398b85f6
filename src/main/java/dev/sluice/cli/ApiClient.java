package dev.sluice.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A worker's HTTP door, as seen from the command line. */
public final class ApiClient {
    static final ObjectMapper JSON = new ObjectMapper();
    /** A plan may try a batch and EXPLAIN three statements on a busy server. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** What a load balancer answers while there is no worker behind it. */
    private static final Set<Integer> GATEWAY = Set.of(502, 503, 504);

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final URI address;
    private final Optional<String> token;

    /**
     * @param address such as {@code http://127.0.0.1:8080}
     * @param token bearer token
     */
    public ApiClient(URI address, Optional<String> token) {
        this.address = address;
        this.token = token;
    }

    /** Nobody answers at the address. */
    public static final class Away extends RuntimeException {
        private static final long serialVersionUID = 1;

        Away(String message, Throwable cause) {
            super(message, cause);
        }

        Away(String message) {
            super(message);
        }
    }

    /** The worker refused. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient JsonNode problem;

        Refused(JsonNode problem) {
            super(problem.path("detail").asText(""));
            this.problem = problem;
        }

        /** The answer, an RFC 9457 problem. */
        public JsonNode problem() {
            return problem;
        }

        /** Whether the worker only waits for a database (503): the same question may be answered soon. */
        boolean isPassing() {
            return problem.path("status").asInt() == 503;
        }
    }

    /** {@code GET /api/v1} and the path. */
    public JsonNode get(String path) {
        return send("GET", path, Optional.empty(), Map.of());
    }

    /** {@code POST}, without a body. */
    public JsonNode post(String path, Map<String, String> headers) {
        return send("POST", path, Optional.empty(), headers);
    }

    /** {@code POST} with a JSON body. */
    public JsonNode post(String path, ObjectNode body) {
        return send("POST", path, Optional.of(body.toString()), Map.of("Content-Type", "application/json"));
    }

    /** {@code PATCH} with a JSON body. */
    public JsonNode patch(String path, ObjectNode body) {
        return send("PATCH", path, Optional.of(body.toString()), Map.of("Content-Type", "application/json"));
    }

    /** One part of a path or query, escaped. */
    static String part(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private JsonNode send(String method, String path, Optional<String> body, Map<String, String> headers) {
        var request = HttpRequest.newBuilder(URI.create(withoutSlash(address) + "/api/v1" + path))
                .timeout(PATIENCE)
                .header("Accept", "application/json")
                .method(
                        method,
                        body.map(HttpRequest.BodyPublishers::ofString).orElseGet(HttpRequest.BodyPublishers::noBody));
        headers.forEach(request::header);
        token.ifPresent(t -> request.header("Authorization", "Bearer " + t));
        HttpResponse<String> response;
        try {
            response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new Away(
                    "No worker answers at " + address
                            + ". Start one with `sluice worker` (or `sluice dev` for a first look), "
                            + "or name another with --server or SLUICE_SERVER.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking " + address, e);
        }
        return read(response);
    }

    private JsonNode read(HttpResponse<String> response) {
        String type = response.headers().firstValue("Content-Type").orElse("");
        boolean good = response.statusCode() / 100 == 2;
        try {
            if (good && type.startsWith("application/json")) {
                return JSON.readTree(response.body());
            }
            if (!good && type.startsWith("application/problem+json")) {
                throw new Refused(JSON.readTree(response.body()));
            }
        } catch (JsonProcessingException e) {
            // told below: it is not a worker
        }
        if (GATEWAY.contains(response.statusCode())) {
            throw new Away("No worker answers behind " + address + " (status " + response.statusCode()
                    + ", from what stands before it). Start one, or fix --server or SLUICE_SERVER.");
        }
        throw new Problem(
                Problem.Kind.UNAVAILABLE,
                "not-a-worker",
                "What answers at " + address + " is no Sluice worker: status " + response.statusCode() + ", "
                        + (type.isEmpty() ? "no content type" : type) + ". Fix --server or SLUICE_SERVER.");
    }

    private static String withoutSlash(URI address) {
        return address.toString().replaceFirst("/+$", "");
    }
}
