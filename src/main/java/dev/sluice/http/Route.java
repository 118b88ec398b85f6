package dev.sluice.http;

import dev.sluice.config.Role;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One thing the door does.
 *
 * @param method GET, POST or PATCH
 * @param path with {@code {name}} where a value goes
 * @param needed who may; empty for everybody, without a token
 * @param handler does it
 */
record Route(HandlerType method, String path, Optional<Role> needed, Handler handler) {

    /** Does it, and answers. */
    @FunctionalInterface
    interface Handler {
        void handle(Context ctx, Caller caller);
    }

    static Route get(String path, Role needed, Handler handler) {
        return new Route(HandlerType.GET, path, Optional.of(needed), handler);
    }

    static Route post(String path, Role needed, Handler handler) {
        return new Route(HandlerType.POST, path, Optional.of(needed), handler);
    }

    /** Whether a request's path is this route's. */
    boolean covers(String requested) {
        return Pattern.matches(path.replace(".", "\\.").replaceAll("\\{[a-z]+}", "[^/]+"), requested);
    }
}
