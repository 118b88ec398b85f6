package dev.sluice.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Reads the bodies of requests, and no more of them than a request of this API can need: whoever may ask at all must
 * not be able to use up the worker's memory or its threads.
 */
final class Bodies {
    /** A body that takes longer is not waited for. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int CHUNK = 4096;
    private final int most;
    private final Time time;

    /**
     * @param most bytes of a body; nothing beyond is read
     * @param time how long a body takes
     */
    Bodies(int most, Time time) {
        this.most = most;
        this.time = time;
    }

    /**
     * Reads one. An empty body is an object without fields.
     *
     * @throws ProblemAnswer.Thrown 413 too large, 408 too slow, 415 not JSON by its content type
     * @throws Problem INVALID {@code bad-json}, {@code body-broken}
     */
    RequestBody read(Context ctx) {
        byte[] bytes = bytes(ctx);
        if (bytes.length == 0) {
            return new RequestBody(JsonNodeFactory.instance.objectNode());
        }
        String type = Optional.ofNullable(ctx.contentType())
                .orElse("")
                .replaceFirst(";.*", "")
                .strip();
        if (!type.equalsIgnoreCase("application/json") && !type.equalsIgnoreCase("application/merge-patch+json")) {
            throw new ProblemAnswer.Thrown(new ProblemAnswer(
                    415,
                    "content-type",
                    "The body must be JSON: send Content-Type: application/json.",
                    Map.of(),
                    Map.of("Accept", "application/json")));
        }
        JsonNode node = parse(bytes);
        if (node instanceof ObjectNode object) {
            return new RequestBody(object);
        }
        throw new Problem(Problem.Kind.INVALID, "bad-json", "The body must be a JSON object: begin with {.");
    }

    private byte[] bytes(Context ctx) {
        if (ctx.req().getContentLengthLong() > most) {
            throw tooLarge();
        }
        long began = time.nanos();
        var read = new ByteArrayOutputStream();
        try {
            InputStream in = ctx.req().getInputStream();
            byte[] chunk = new byte[CHUNK];
            for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
                read.write(chunk, 0, n);
                if (read.size() > most) {
                    throw tooLarge();
                }
                if (time.nanos() - began > PATIENCE.toNanos()) {
                    throw closing(
                            408,
                            "body-too-slow",
                            "The body did not come within " + PATIENCE.toSeconds() + " seconds. Send it at once.");
                }
            }
            return read.toByteArray();
        } catch (IOException e) {
            throw new Problem(
                    Problem.Kind.INVALID, "body-broken", "The body ended early or was not sent as announced.");
        }
    }

    private ProblemAnswer.Thrown tooLarge() {
        return closing(413, "body-too-large", "The body is larger than " + most + " bytes, which is http.max-body.");
    }

    /** What is left of the body is not read, so the connection is of no further use. */
    private ProblemAnswer.Thrown closing(int status, String code, String detail) {
        return new ProblemAnswer.Thrown(
                new ProblemAnswer(status, code, detail, Map.of("limit", most), Map.of("Connection", "close")));
    }

    private static JsonNode parse(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return ApiJson.OF_REQUESTS.readTree(text);
        } catch (StreamConstraintsException e) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-json",
                    "The body holds more than a body may: " + ApiJson.LIMITS_OF_REQUESTS
                            + ". Send only the fields that openapi.json names.");
        } catch (JsonProcessingException e) {
            String where = e.getLocation() == null
                    ? ""
                    : " at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr();
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-json",
                    "The body is not JSON" + where + ". Fix it, and name each field once.");
        } catch (CharacterCodingException e) {
            throw new Problem(Problem.Kind.INVALID, "bad-json", "The body is not UTF-8. Send it as UTF-8.");
        }
    }
}
