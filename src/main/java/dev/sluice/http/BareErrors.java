package dev.sluice.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Requests that Jetty refuses before any route sees them (broken HTTP, long headers): problem+json as well, no HTML.
 */
final class BareErrors extends ErrorHandler {
    private static final String INSTANCE = "about:blank";

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, ProblemAnswer.TYPE);
        byte[] body = Refusals.byStatus(response.getStatus()).body(INSTANCE).getBytes(StandardCharsets.UTF_8);
        response.write(true, ByteBuffer.wrap(body), callback);
        return true;
    }

    @Override
    public ByteBuffer badMessageError(int status, String reason, HttpFields.Mutable fields) {
        fields.put(HttpHeader.CONTENT_TYPE, ProblemAnswer.TYPE);
        return ByteBuffer.wrap(Refusals.byStatus(status).body(INSTANCE).getBytes(StandardCharsets.UTF_8));
    }
}
