package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.config.Settings;
import dev.sluice.job.JobReader;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Health, metrics, the OpenAPI document and the schema of job files: what machines ask before anybody logs in. */
final class HealthRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(HealthRoutes.class);
    private static final Optional<Role> ANYBODY = Optional.empty();
    private final Operations operations;
    private final Settings.Http settings;
    private final String openapi = resource("openapi.json");
    private final String jobSchema = JobReader.schema();

    HealthRoutes(Operations operations, Settings.Http settings) {
        this.operations = operations;
        this.settings = settings;
    }

    List<Route> routes() {
        return List.of(
                new Route(
                        HandlerType.GET,
                        "/health/live",
                        ANYBODY,
                        (ctx, who) -> Answer.ok(ctx, Map.of("status", "live"))),
                new Route(HandlerType.GET, "/health/ready", ANYBODY, this::ready),
                new Route(HandlerType.GET, "/metrics", open(settings.publicMetrics()), this::metrics),
                new Route(HandlerType.GET, "/openapi.json", open(settings.publicOpenapi()), this::openapi),
                new Route(HandlerType.GET, "/job.schema.json", open(settings.publicOpenapi()), this::jobSchema));
    }

    private static Optional<Role> open(boolean isPublic) {
        return isPublic ? ANYBODY : Optional.of(Role.VIEWER);
    }

    private void ready(Context ctx, Caller caller) {
        List<Map<String, Object>> checks =
                operations.checks().stream().map(HealthRoutes::ask).toList();
        List<String> failing = new ArrayList<>();
        checks.forEach(c -> {
            if (Boolean.FALSE.equals(c.get("ready"))) {
                failing.add(c.get("name") + ": " + c.get("message"));
            }
        });
        if (failing.isEmpty()) {
            Answer.ok(ctx, Map.of("status", "ready", "checks", checks));
        } else {
            Answer.refuse(
                    ctx,
                    new ProblemAnswer(
                            503,
                            "not-ready",
                            "Not ready. " + String.join(" ", failing),
                            Map.of("checks", checks),
                            Map.of()));
        }
    }

    private static Map<String, Object> ask(Operations.ReadyCheck check) {
        Optional<String> problem;
        try {
            problem = check.problem().get();
        } catch (RuntimeException e) {
            LOG.warn("the ready check {} failed", check.name(), e);
            problem = Optional.of("the check itself failed, see the log.");
        }
        var answer = new LinkedHashMap<String, Object>();
        answer.put("name", check.name());
        answer.put("ready", problem.isEmpty() || !check.needed());
        problem.ifPresent(text -> answer.put("message", text));
        return answer;
    }

    private void metrics(Context ctx, Caller caller) {
        ctx.contentType("text/plain; version=0.0.4; charset=utf-8")
                .result(operations.metrics().get().getBytes(StandardCharsets.UTF_8));
    }

    private void openapi(Context ctx, Caller caller) {
        ctx.contentType("application/json").result(openapi);
    }

    private void jobSchema(Context ctx, Caller caller) {
        ctx.contentType("application/schema+json").result(jobSchema);
    }

    private static String resource(String name) {
        try (InputStream in = HealthRoutes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the build left out " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
