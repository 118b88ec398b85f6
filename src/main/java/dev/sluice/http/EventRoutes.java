package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.event.Events;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The event log: as a list, or as a stream of server-sent events. */
final class EventRoutes implements AutoCloseable {
    private final Events events;
    private final EventStreams streams;

    EventRoutes(Events events, Time time) {
        this.events = events;
        this.streams = new EventStreams(time);
    }

    List<Route> routes() {
        return List.of(Route.get("/api/v1/events", Role.VIEWER, this::events));
    }

    private void events(Context ctx, Caller caller) {
        RequestParts.only(ctx, "after", "limit", "job", "run");
        Optional<String> job = RequestParts.text(ctx, "job");
        Optional<UUID> run = RequestParts.uuid(ctx, "run");
        long after = RequestParts.number(ctx, "after", 0, 0, Long.MAX_VALUE);
        int limit = (int) RequestParts.number(ctx, "limit", 100, 1, 1000);
        boolean stream = ctx.method() == HandlerType.GET // a HEAD would wait for a body without end
                && Optional.ofNullable(ctx.header("Accept")).orElse("").contains("text/event-stream");
        if (!stream) {
            Answer.ok(ctx, Map.of("events", events.list(job, run, after, limit)));
            return;
        }
        long from = Math.max(after, lastEventId(ctx));
        streams.serve(ctx.res(), caller, from, limit, (place, most) -> events.list(job, run, place, most));
    }

    private static long lastEventId(Context ctx) {
        String last = ctx.header("Last-Event-ID");
        if (last == null) {
            return 0;
        }
        try {
            return Math.max(0, Long.parseLong(last));
        } catch (NumberFormatException e) {
            throw new Problem(Problem.Kind.INVALID, "bad-last-event-id", "Last-Event-ID must be the id of an event.");
        }
    }

    @Override
    public void close() {
        streams.close();
    }
}
