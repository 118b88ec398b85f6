package dev.sluice.throttle;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Gets the answers of addresses that job files name: with little patience, without following redirects, and no long
 * ones. One for the whole worker.
 */
public final class Fetch implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(2);
    private static final Duration WHOLE = Duration.ofSeconds(5);
    /** 64 KiB, in bytes. */
    static final int LONGEST = 64 * 1024;

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final HttpClient client;
    private final Duration whole;

    private Fetch(HttpClient client, Duration whole) {
        this.client = client;
        this.whole = whole;
    }

    /** Ready to be used by many threads. */
    public static Fetch open() {
        return within(WHOLE);
    }

    /** With another patience for the whole answer. */
    public static Fetch within(Duration whole) {
        HttpClient client = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
        return new Fetch(client, whole);
    }

    /**
     * An answer.
     *
     * @param status HTTP status
     * @param body as UTF-8
     */
    record Answer(int status, String body) {
        boolean isGood() {
            return status >= 200 && status < 300;
        }

        /**
         * The body as JSON.
         *
         * @throws IOException when it is none; without a word of it
         */
        JsonNode json() throws IOException {
            try {
                JsonNode json = JSON.readTree(body);
                if (!json.isMissingNode()) {
                    return json;
                }
            } catch (JsonProcessingException e) {
                throw new IOException("the answer is not JSON"); // the parser's own words quote it
            }
            throw new IOException("the answer is empty");
        }
    }

    /**
     * Asks an address.
     *
     * @throws IOException when there is no whole answer; the message holds neither the address nor what it answers
     * @throws InterruptedException when asked to stop
     */
    Answer get(URI url) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url)
                .timeout(whole)
                .header("Accept", "application/json, */*;q=0.5")
                .header("User-Agent", "sluice")
                .build();
        CompletableFuture<HttpResponse<byte[]>> asked = client.sendAsync(request, head -> new Limited());
        try {
            HttpResponse<byte[]> answer = asked.get(whole.toMillis(), TimeUnit.MILLISECONDS);
            return new Answer(answer.statusCode(), new String(answer.body(), StandardCharsets.UTF_8));
        } catch (TimeoutException e) {
            throw late();
        } catch (ExecutionException e) {
            throw told(e.getCause() == null ? e : e.getCause());
        } finally {
            asked.cancel(true);
        }
    }

    private IOException told(Throwable e) {
        if (e instanceof TooLong tooLong) {
            return tooLong;
        }
        if (e instanceof HttpConnectTimeoutException) {
            return new IOException("no connection within 2 s");
        }
        if (e instanceof HttpTimeoutException) {
            return late();
        }
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof UnresolvedAddressException) {
                return new IOException("there is no such host");
            }
        }
        return e instanceof ConnectException
                ? new IOException("the connection is refused")
                : new IOException("no answer (" + e.getClass().getSimpleName() + ": " + e.getMessage() + ")");
    }

    private IOException late() {
        return new IOException("no whole answer within " + whole.toMillis() + " ms");
    }

    /** Ends what is going on. */
    @Override
    public void close() {
        client.shutdownNow();
    }

    private static final class TooLong extends IOException {
        private static final long serialVersionUID = 1;

        TooLong() {
            super("the answer is longer than 64 KiB");
        }
    }

    /** Takes a body up to the limit. */
    private static final class Limited implements HttpResponse.BodySubscriber<byte[]> {
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletionStage<byte[]> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription toIt) {
            subscription = toIt;
            toIt.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                if (taken.size() + bytes.length > LONGEST) {
                    body.completeExceptionally(new TooLong());
                    if (subscription != null) {
                        subscription.cancel();
                    }
                    return;
                }
                taken.writeBytes(bytes);
            }
        }

        @Override
        public void onError(Throwable error) {
            body.completeExceptionally(error);
        }

        @Override
        public void onComplete() {
            body.complete(taken.toByteArray());
        }
    }
}
