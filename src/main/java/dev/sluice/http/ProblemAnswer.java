package dev.sluice.http;

import dev.sluice.problem.Problem;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer of type {@code application/problem+json} (RFC 9457).
 *
 * @param status the HTTP status
 * @param code stable, machine-readable
 * @param detail the fact, the numbers, the remedy
 * @param details further facts for machines
 * @param headers to send along, such as {@code Allow}
 */
record ProblemAnswer(int status, String code, String detail, Map<String, Object> details, Map<String, String> headers) {
    static final String TYPE = "application/problem+json";

    ProblemAnswer(int status, String code, String detail) {
        this(status, code, detail, Map.of(), Map.of());
    }

    static ProblemAnswer of(Problem p) {
        int status = switch (p.kind()) {
            case INVALID -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case CONFLICT -> 409;
            case UNPROCESSABLE -> 422;
            case UNAVAILABLE -> 503;
        };
        return new ProblemAnswer(status, p.code(), p.getMessage(), p.details(), Map.of());
    }

    /**
     * The body.
     *
     * @param instance the path that was asked for
     */
    String body(String instance) {
        var body = new LinkedHashMap<String, Object>();
        body.put("type", "urn:sluice:problem:" + code);
        body.put("title", title(status));
        body.put("status", status);
        body.put("detail", detail);
        body.put("instance", instance);
        body.put("code", code);
        body.put("details", details);
        return ApiJson.write(body);
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Bad request";
            case 401 -> "Not authenticated";
            case 403 -> "Not allowed";
            case 404 -> "Not found";
            case 405 -> "Method not allowed";
            case 408 -> "Request too slow";
            case 409 -> "Conflict";
            case 413 -> "Body too large";
            case 415 -> "Unsupported content type";
            case 422 -> "Cannot be done";
            case 429 -> "Too many";
            case 503 -> "Not available";
            default -> status >= 500 ? "Internal error" : "Request refused";
        };
    }

    /** Thrown by handlers, where {@link Problem} has no kind for the status. */
    static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final transient ProblemAnswer refusal;

        Thrown(ProblemAnswer refusal) {
            super(refusal.detail());
            this.refusal = refusal;
        }

        ProblemAnswer refusal() {
            return refusal;
        }
    }
}
