package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.run.FleetStop;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;

/** What is done with all runs at once. */
final class FleetRoutes {
    private final FleetStop stop;
    private final Bodies bodies;

    FleetRoutes(Services services, Bodies bodies) {
        this.stop = services.stop();
        this.bodies = bodies;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api/v1/stop-all", Role.VIEWER, this::show),
                Route.post("/api/v1/stop-all", Role.OPERATOR, this::stop),
                Route.post("/api/v1/resume-all", Role.OPERATOR, this::resume));
    }

    private void show(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        Answer.ok(ctx, stop.now());
    }

    private void stop(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        RequestBody body = bodies.read(ctx).only("reason");
        Optional<String> reason = body.text("reason", FleetStop.LONGEST_REASON);
        body.check();
        Answer.ok(ctx, stop.stop(reason, caller.actor()));
    }

    private void resume(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        bodies.read(ctx).only().check();
        Answer.ok(ctx, stop.resume(caller.actor()));
    }
}
