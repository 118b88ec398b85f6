package dev.sluice.http;

import dev.sluice.config.Settings;
import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.util.JavalinBindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.server.NetworkConnectionLimit;

/** The server. Listens from {@link #start} to {@link #close}. */
public final class HttpServer implements AutoCloseable {
    /** Of every answer. */
    static final Map<String, String> HEADERS = Map.of(
            "X-Content-Type-Options", "nosniff",
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Cache-Control", "no-store");

    /** Each costs memory, whoever opens it; more wait until others have gone. */
    private static final int MOST_CONNECTIONS = 1000;

    /** Then who says nothing has to go; longer than an event stream is silent. */
    private static final Duration IDLE_WHEN_FULL = Duration.ofSeconds(10);

    private final Settings.Http settings;
    private final Access access;
    private final EventRoutes events;
    private final List<Route> routes = new ArrayList<>();
    private final Javalin javalin;

    /**
     * @param settings where to listen, and who may come in
     * @param services what stands behind
     * @param operations metrics and readiness
     * @param time for the pauses of event streams, and how long a body may take
     */
    public HttpServer(Settings.Http settings, Services services, Operations operations, Time time) {
        this.settings = settings;
        this.access = new Access(settings.tokens());
        this.events = new EventRoutes(services.events(), time);
        Bodies bodies = new Bodies(settings.maxBody(), time);
        routes.addAll(new JobRoutes(services, bodies).routes());
        routes.addAll(new RunRoutes(services, bodies).routes());
        routes.addAll(new FleetRoutes(services, bodies).routes());
        routes.addAll(events.routes());
        routes.addAll(new HealthRoutes(operations, settings).routes());
        this.javalin = Javalin.create(this::configure);
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.maxRequestSize = settings.maxBody();
        config.router.ignoreTrailingSlashes = false;
        config.jetty.modifyHttpConfiguration(http -> {
            http.setSendServerVersion(false);
            http.setSendXPoweredBy(false);
        });
        config.jetty.modifyServer(server -> {
            server.setErrorHandler(new BareErrors());
            server.insertHandler(new RequestGuard(settings.tokens().isEmpty()));
            var connections = new NetworkConnectionLimit(MOST_CONNECTIONS, server);
            connections.setEndPointIdleTimeout(IDLE_WHEN_FULL.toMillis());
            server.addBean(connections);
        });
        config.jetty.modifyServletContextHandler(context -> context.setErrorHandler(new BareErrors()));
        config.routes.before(ctx -> HEADERS.forEach(ctx::header));
        for (Route route : routes) {
            config.routes.addHttpHandler(route.method(), route.path(), ctx -> serve(route, ctx));
            if (route.method() == HandlerType.GET) {
                // by itself Javalin answers 200 to a HEAD of any GET path, without asking who it is
                config.routes.addHttpHandler(HandlerType.HEAD, route.path(), ctx -> serve(route, ctx));
            }
        }
        new Refusals(List.copyOf(routes)).register(config.routes);
    }

    private void serve(Route route, Context ctx) {
        route.handler().handle(ctx, access.admit(ctx, route.needed()));
    }

    /** What there is, for the test that compares it with the OpenAPI document: {@code GET /api/v1/jobs}. */
    List<String> routeNames() {
        return routes.stream().map(r -> r.method().name() + " " + r.path()).toList();
    }

    /**
     * Begins to listen.
     *
     * @throws Problem UNAVAILABLE {@code cannot-listen} where the address is taken or not this machine's
     */
    public HttpServer start() {
        try {
            javalin.start(settings.host(), settings.port());
            return this;
        } catch (JavalinBindException e) {
            throw new Problem(
                    Problem.Kind.UNAVAILABLE,
                    "cannot-listen",
                    "Cannot listen on " + settings.host() + ":" + settings.port()
                            + ": the address is taken, or is not this machine's. Set http.host and http.port, "
                            + "or stop what listens there.");
        }
    }

    /** The port it listens on, also where the settings say 0. */
    public int port() {
        return javalin.port();
    }

    /** Stops listening; ends event streams. */
    @Override
    public void close() {
        events.close();
        javalin.stop();
    }
}
