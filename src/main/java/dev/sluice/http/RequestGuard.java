package dev.sluice.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * What every request has to pass before any route sees it, public or not, known path or not: a path and a query that
 * can be read; without tokens also a host of this machine, and no page of another site behind it.
 */
final class RequestGuard extends Handler.Wrapper {
    private static final Pattern LOOPBACK = Pattern.compile("(?i)(localhost|127\\.\\d+\\.\\d+\\.\\d+|\\[::1])(:\\d+)?");
    private final boolean open;

    /** @param open whether there are no tokens, so that whoever reaches the address may do anything */
    RequestGuard(boolean open) {
        this.open = open;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Optional<ProblemAnswer> refusal = refusal(request);
        if (refusal.isEmpty()) {
            return super.handle(request, response, callback);
        }
        ProblemAnswer r = refusal.get();
        response.setStatus(r.status());
        HttpServer.HEADERS.forEach((name, value) -> response.getHeaders().put(name, value));
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, ProblemAnswer.TYPE);
        byte[] body = r.body(request.getHttpURI().getPath()).getBytes(StandardCharsets.UTF_8);
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }

    private Optional<ProblemAnswer> refusal(Request request) {
        String path = Optional.ofNullable(request.getHttpURI().getPath()).orElse("");
        String query = Optional.ofNullable(request.getHttpURI().getQuery()).orElse("");
        return RequestTarget.mistake(path, query)
                .map(detail -> new ProblemAnswer(400, "bad-request", detail))
                .or(() -> open ? otherHost(request.getHeaders()) : Optional.empty())
                .or(() -> open ? Access.otherSite(request.getMethod(), request.getHeaders()::get) : Optional.empty());
    }

    /**
     * A name of somebody else's may point to this machine. Every browser says which host it means; what says none, in
     * HTTP 1.0, is no browser.
     */
    private static Optional<ProblemAnswer> otherHost(HttpFields headers) {
        List<String> hosts = headers.getValuesList(HttpHeader.HOST);
        return hosts.stream().allMatch(h -> LOOPBACK.matcher(h).matches())
                ? Optional.empty()
                : Optional.of(new ProblemAnswer(
                        403,
                        "host-not-allowed",
                        "Without tokens this worker answers only to localhost, 127.0.0.1 and [::1], not to the host named"
                                + " in the request. Ask it by one of those, or configure http.tokens."));
    }
}
