package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.config.Settings;
import dev.sluice.run.FleetStop;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;

/** What is done with all runs at once. */
final class FleetRoutes {
    private final FleetStop stop;
    private final int maxBody;

    FleetRoutes(Services services, Settings.Http settings) {
        this.stop = services.stop();
        this.maxBody = settings.maxBody();
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
        RequestBody body = RequestBody.read(ctx, maxBody).only("reason");
        Optional<String> reason = body.text("reason", FleetStop.LONGEST_REASON);
        body.check();
        Answer.ok(ctx, stop.stop(reason, caller.actor()));
    }

    private void resume(Context ctx, Caller caller) {
        RequestParts.only(ctx);
        RequestBody.read(ctx, maxBody).only().check();
        Answer.ok(ctx, stop.resume(caller.actor()));
    }
}
