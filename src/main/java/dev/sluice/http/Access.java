package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.config.Settings;
import dev.sluice.event.Actor;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Who may come in: bearer tokens; without any, whoever reaches the loopback address. What a browser sends on behalf of
 * another site is refused, so that no web page can start a run on a developer's machine.
 */
final class Access {
    private static final Pattern LOOPBACK = Pattern.compile("(localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1])(:\\d+)?");
    private final List<Settings.Token> tokens;

    Access(List<Settings.Token> tokens) {
        this.tokens = tokens;
    }

    /**
     * The caller of this request.
     *
     * @param needed empty for what is public
     * @throws Refusal.Thrown 401 or 403
     */
    Caller admit(Context ctx, Optional<Role> needed) {
        if (needed.isEmpty()) {
            return Caller.ANYBODY;
        }
        refuseOtherSites(ctx);
        Caller caller = tokens.isEmpty() ? Caller.LOCAL : byToken(ctx);
        if (!caller.role().may(needed.get())) {
            throw new Refusal.Thrown(new Refusal(
                    403,
                    "role-not-enough",
                    "The token " + caller.actor().name() + " has the role "
                            + caller.role().code() + "; this needs "
                            + needed.get().code() + ". Use a token of that role.",
                    Map.of("role", caller.role().code(), "needed", needed.get().code()),
                    Map.of()));
        }
        return caller;
    }

    private void refuseOtherSites(Context ctx) {
        String host = Optional.ofNullable(ctx.header("Host")).orElse("");
        if (tokens.isEmpty() && !LOOPBACK.matcher(host).matches()) {
            throw new Refusal.Thrown(new Refusal(
                    403,
                    "host-not-allowed",
                    "Without tokens this worker answers only to localhost, 127.0.0.1 and [::1], not to the host named in the "
                            + "request. Ask it by one of those, or configure http.tokens."));
        }
        String origin = ctx.header("Origin");
        if (origin != null && !origin.equals("http://" + host) && !origin.equals("https://" + host)) {
            throw new Refusal.Thrown(new Refusal(
                    403, "other-site", "A page of another site sent this request. Send it without an Origin header."));
        }
    }

    private Caller byToken(Context ctx) {
        String header = Optional.ofNullable(ctx.header("Authorization")).orElse("");
        if (header.isEmpty()) {
            throw unauthenticated(
                    "token-missing", "This needs a token: send the header Authorization: Bearer TOKEN.", "");
        }
        if (!header.regionMatches(true, 0, "Bearer ", 0, 7)) {
            throw unauthenticated(
                    "token-malformed",
                    "The header Authorization must read: Bearer TOKEN.",
                    ", error=\"invalid_request\"");
        }
        String token = header.substring(7).strip();
        Caller found = null;
        for (Settings.Token known : tokens) { // all of them, however early one fits
            if (known.hash().matches(token)) {
                found = new Caller(new Actor(known.name()), known.role());
            }
        }
        if (found == null) {
            throw unauthenticated(
                    "token-unknown",
                    "This token is not known here. `sluice token NAME --role ROLE` makes one; its hash goes to http.tokens.",
                    ", error=\"invalid_token\"");
        }
        return found;
    }

    private static Refusal.Thrown unauthenticated(String code, String detail, String error) {
        return new Refusal.Thrown(new Refusal(
                401, code, detail, Map.of(), Map.of("WWW-Authenticate", "Bearer realm=\"sluice\"" + error)));
    }
}
