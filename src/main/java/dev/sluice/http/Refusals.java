package dev.sluice.http;

import dev.sluice.database.SqlFailure;
import dev.sluice.problem.Problem;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.MethodNotAllowedResponse;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns whatever goes wrong into a problem+json answer. What nobody foresaw is logged with an id, and only the id goes
 * out.
 */
final class Refusals {
    private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);
    private final List<Route> routes;

    Refusals(List<Route> routes) {
        this.routes = routes;
    }

    void register(RoutesConfig config) {
        config.exception(Problem.class, (e, ctx) -> Answer.refuse(ctx, ProblemAnswer.of(e)));
        config.exception(ProblemAnswer.Thrown.class, (e, ctx) -> Answer.refuse(ctx, e.refusal()));
        config.exception(MethodNotAllowedResponse.class, (e, ctx) -> Answer.refuse(ctx, wrongMethod(ctx)));
        config.exception(HttpResponseException.class, (e, ctx) -> Answer.refuse(ctx, byStatus(e.getStatus())));
        config.exception(Exception.class, (e, ctx) -> Answer.refuse(ctx, unexpected(e, ctx)));
    }

    private ProblemAnswer wrongMethod(Context ctx) {
        String allowed = routes.stream()
                .filter(r -> r.covers(ctx.path()))
                .flatMap(r -> r.method() == HandlerType.GET
                        ? Stream.of("GET", "HEAD")
                        : Stream.of(r.method().name()))
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        return new ProblemAnswer(
                405,
                "method-not-allowed",
                "This path does not take " + ctx.method().name() + ". It takes: " + allowed + ".",
                Map.of("allowed", List.of(allowed.split(", "))),
                Map.of("Allow", allowed));
    }

    /** For what Javalin and Jetty refuse by themselves. */
    static ProblemAnswer byStatus(int status) {
        return switch (status) {
            case 404 ->
                new ProblemAnswer(
                        404, "unknown-path", "There is nothing at this path. GET /openapi.json describes every path.");
            case 413 -> new ProblemAnswer(413, "body-too-large", "The body is too large.");
            case 414, 431 -> new ProblemAnswer(status, "request-too-long", "The path or the headers are too long.");
            default ->
                status < 500 || status == 505
                        ? new ProblemAnswer(status, "bad-request", "The request is not well-formed HTTP.")
                        : new ProblemAnswer(
                                status, "internal", "Something went wrong here. The worker's log has the cause.");
        };
    }

    private static ProblemAnswer unexpected(Exception e, Context ctx) {
        if (SqlFailure.in(e).filter(f -> f.kind().holds()).isPresent()) {
            LOG.warn("{} {}: the control database is away", ctx.method().name(), ctx.path(), e);
            return new ProblemAnswer(
                    503,
                    "database-away",
                    "The control database cannot be reached now. Nothing was changed. Runs hold meanwhile and go on by"
                            + " themselves; ask again then.");
        }
        String id = UUID.randomUUID().toString();
        LOG.error("request {} failed: {} {}", id, ctx.method().name(), ctx.path(), e);
        return new ProblemAnswer(
                500,
                "internal",
                "Something went wrong here. The worker's log has the cause under " + id + ".",
                Map.of("id", id),
                Map.of());
    }
}
