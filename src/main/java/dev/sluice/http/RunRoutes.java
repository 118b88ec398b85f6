package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.event.Actor;
import dev.sluice.job.Job;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.run.SettingsChange;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;

/** Runs: what they are doing, and what may be done with them. */
final class RunRoutes {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(10);
    private final Services services;
    private final Bodies bodies;

    RunRoutes(Services services, Bodies bodies) {
        this.services = services;
        this.bodies = bodies;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api/v1/runs", Role.VIEWER, this::list),
                Route.get("/api/v1/runs/{id}", Role.VIEWER, this::show),
                Route.post(
                        "/api/v1/runs/{id}/pause", Role.OPERATOR, (c, who) -> change(c, who, services.runs()::pause)),
                Route.post("/api/v1/runs/{id}/resume", Role.OPERATOR, (c, who) -> change(c, who, this::resume)),
                Route.post(
                        "/api/v1/runs/{id}/cancel", Role.OPERATOR, (c, who) -> change(c, who, services.runs()::cancel)),
                new Route(HandlerType.PATCH, "/api/v1/runs/{id}/settings", Optional.of(Role.OPERATOR), this::tune));
    }

    private void list(Context ctx, Caller caller) {
        RequestParts.only(ctx, "job", "limit");
        int limit = (int) RequestParts.number(ctx, "limit", 50, 1, 500);
        Answer.ok(
                ctx,
                Map.of(
                        "runs",
                        services.runs().list(RequestParts.text(ctx, "job"), limit).stream()
                                .map(caller::sees)
                                .toList()));
    }

    private void show(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        UUID id = RequestParts.runId(ctx);
        Answer.ok(
                ctx,
                services.runs()
                        .find(id)
                        .map(caller::sees)
                        .orElseThrow(() -> new Problem(
                                Problem.Kind.NOT_FOUND,
                                "unknown-run",
                                "There is no run " + id + ". GET /api/v1/runs lists them.",
                                Map.of("run", id.toString()))));
    }

    private void change(Context ctx, Caller caller, BiFunction<UUID, Actor, RunStatus> move) {
        RequestParts.only(ctx);
        UUID id = RequestParts.runId(ctx);
        bodies.read(ctx).only().check();
        Answer.ok(ctx, move.apply(id, caller.actor()));
    }

    private RunStatus resume(UUID id, Actor actor) {
        RunStatus resumed = services.runs().resume(id, actor);
        services.starts().execute(id);
        return resumed;
    }

    private void tune(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        UUID id = RequestParts.runId(ctx);
        RequestBody body = bodies.read(ctx).only("target", "batchSize", "rowsPerSecond", "walPerHour", "cores");
        var change = new SettingsChange(
                body.duration("target", SHORTEST, LONGEST),
                body.whole("batchSize", 1, 100_000),
                body.isNull("rowsPerSecond") ? Optional.of(0) : body.whole("rowsPerSecond", 0, Job.FASTEST),
                body.isNull("walPerHour")
                        ? Optional.of(0L)
                        : body.size("walPerHour", SettingsChange.LEAST_WAL, SettingsChange.MOST_WAL),
                body.cores("cores"));
        body.check();
        if (body.isEmpty()) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "nothing-to-change",
                    "Name at least one of target, batchSize, rowsPerSecond, walPerHour, cores.");
        }
        Answer.ok(ctx, services.runs().tune(id, change, caller.actor()));
    }
}
