package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.config.Settings;
import dev.sluice.event.Actor;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who may come in: bearer tokens; without any, whoever reaches the loopback address. What a browser sends on behalf of
 * another site is refused, so that no web page can start a run on a developer's machine.
 */
final class Access {
    private final List<Settings.Token> tokens;

    Access(List<Settings.Token> tokens) {
        this.tokens = tokens;
    }

    /**
     * The caller of this request.
     *
     * @param needed empty for what is public
     * @throws ProblemAnswer.Thrown 401 or 403
     */
    Caller admit(Context ctx, Optional<Role> needed) {
        if (needed.isEmpty()) {
            return Caller.ANYBODY;
        }
        otherSite(ctx.method().name(), ctx::header).ifPresent(refusal -> {
            throw new ProblemAnswer.Thrown(refusal);
        });
        Caller caller = tokens.isEmpty() ? Caller.LOCAL : byToken(ctx);
        if (!caller.role().may(needed.get())) {
            throw new ProblemAnswer.Thrown(new ProblemAnswer(
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

    /**
     * What a browser sends on behalf of a page that is not this worker's own. Old browsers say so by {@code Origin}
     * alone, and some requests have none; a person who follows a link only reads.
     *
     * @param method of the request
     * @param header its headers by name
     */
    static Optional<ProblemAnswer> otherSite(String method, Function<String, @Nullable String> header) {
        String host = Optional.ofNullable(header.apply("Host")).orElse("");
        String origin = header.apply("Origin");
        String site = Optional.ofNullable(header.apply("Sec-Fetch-Site")).orElse("none");
        boolean own = origin == null || origin.equals("http://" + host) || origin.equals("https://" + host);
        boolean ownPage = site.equals("none") || site.equals("same-origin");
        boolean followsALink =
                List.of("GET", "HEAD").contains(method) && "navigate".equals(header.apply("Sec-Fetch-Mode"));
        return own && (ownPage || followsALink)
                ? Optional.empty()
                : Optional.of(new ProblemAnswer(
                        403,
                        "other-site",
                        "A page of another site sent this request. Send it without the headers Origin and"
                                + " Sec-Fetch-Site, or from a page of this worker's own address."));
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

    private static ProblemAnswer.Thrown unauthenticated(String code, String detail, String error) {
        return new ProblemAnswer.Thrown(new ProblemAnswer(
                401, code, detail, Map.of(), Map.of("WWW-Authenticate", "Bearer realm=\"sluice\"" + error)));
    }
}
