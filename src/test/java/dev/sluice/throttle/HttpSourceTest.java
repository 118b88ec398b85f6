package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonPointer;
import dev.sluice.testing.WebStandIn;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an address says, and every way in which it may fail to. */
class HttpSourceTest {
    private static final String SECRET = "/state?token=s3cret";

    private final WebStandIn web = new WebStandIn();
    private final Fetch fetch = Fetch.within(Duration.ofSeconds(20));

    @AfterEach
    void close() {
        fetch.close();
        web.close();
    }

    private HttpSource source(URI url, String pointer) {
        return new HttpSource(
                "state",
                url,
                pointer.isEmpty() ? Optional.empty() : Optional.of(JsonPointer.compile(pointer)),
                Duration.ofSeconds(5),
                fetch);
    }

    private void isUnreadable(HttpSource source, String why) {
        assertThatThrownBy(source::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"))
                .hasNoCause();
    }

    @ParameterizedTest
    @CsvSource({"200, 0", "204, 0", "299, 0", "429, 1", "503, 1"})
    void aStatusIsGoodOrOverTheLimit(int status, double value) throws Exception {
        web.answers(status, "");
        assertThat(source(web.url(SECRET), "").read())
                .containsExactly(
                        new Measurement("limit", "", value, "answers " + status, Measurement.Better.LESS, value > 0));
        assertThat(web.asked).containsExactly(URI.create(SECRET));
    }

    @ParameterizedTest
    @ValueSource(ints = {304, 400, 401, 404, 500, 502, 504})
    void anyOtherStatusSaysNothing(int status) {
        web.answers(status, "");
        isUnreadable(source(web.url(SECRET), ""), "answers " + status);
    }

    @Test
    void aRedirectIsNotFollowed() {
        try (WebStandIn elsewhere = new WebStandIn()) {
            elsewhere.answers(200, "");
            web.redirectsTo(elsewhere.url("/"));
            isUnreadable(source(web.url(SECRET), ""), "answers 302");
            assertThat(elsewhere.asked).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/n     | {\"n\": 12}                  | 12       | 12",
                "/n     | {\"n\": \" 12.5 \"}          | 12.5     | 12.5",
                "/n     | {\"n\": -0.001234567}        | -0.001234567 | -0.00123",
                "/n     | {\"n\": \"1e3\"}             | 1000     | 1000",
                "/n     | {\"n\": 1234.56789}          | 1234.56789 | 1234.568",
                "/n     | {\"n\": 1e300}               | 1e300    | 1.0E300",
                "/a/1/b | {\"a\": [0, {\"b\": 7}]}     | 7        | 7",
                "/a~1b  | {\"a/b\": 0}                 | 0        | 0",
            })
    void aNumberIsReadAtItsPlace(String pointer, String json, double value, String text) throws Exception {
        web.answers(200, json);
        assertThat(source(web.url(SECRET), pointer).read()).containsExactly(Measurement.of("limit", "", value, text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"m\": 1}          | nothing is at /n",
                "[]                  | nothing is at /n",
                "5                   | nothing is at /n",
                "{\"n\": null}       | is no number",
                "{\"n\": true}       | is no number",
                "{\"n\": {}}         | is no number",
                "{\"n\": \"s3cret\"} | is no number",
                "{\"n\": \"\"}       | is no number",
                "{\"n\": \"NaN\"}    | it gives NaN",
                "{\"n\": 1e999}      | it gives Infinity",
                "{\"n\": 1} s3cret   | not JSON",
                "<html>s3cret</html> | not JSON",
                "{\"n\": s3cret}     | not JSON",
                "{\"n\":             | not JSON",
            })
    void whatIsNoNumberIsUnreadable(String body, String why) {
        web.answers(200, body);
        isUnreadable(source(web.url(SECRET), "/n"), why);
    }

    @Test
    void anEmptyAnswerIsUnreadable() {
        web.answers(200, "");
        isUnreadable(source(web.url(SECRET), "/n"), "empty");
    }

    @Test
    void withAPointerOnlyAGoodAnswerIsRead() {
        for (int status : List.of(429, 503, 500)) {
            web.answers(status, "{\"n\": 1}");
            isUnreadable(source(web.url(SECRET), "/n"), "answers " + status);
        }
    }

    @Test
    void aLongAnswerIsNotReadToItsEnd() throws Exception {
        String most = "{\"n\": 1}" + " ".repeat(Fetch.LONGEST - 8);
        web.answers(200, most);
        assertThat(source(web.url(SECRET), "/n").read()).hasSize(1);

        web.answers(200, most + " ");
        isUnreadable(source(web.url(SECRET), "/n"), "longer than 64 KiB");
        isUnreadable(source(web.url(SECRET), ""), "longer than 64 KiB");
    }

    @Test
    void whoDoesNotAnswerInTimeIsGivenUp() {
        try (Fetch hurried = Fetch.within(Duration.ofMillis(200))) {
            HttpSource source =
                    new HttpSource("state", web.url(SECRET), Optional.empty(), Duration.ofSeconds(5), hurried);
            web.keepsSilent();
            isUnreadable(source, "no whole answer within 200 ms");

            web.stopsWithin("{\"n\": ");
            isUnreadable(source, "no whole answer within 200 ms");
        }
    }

    @Test
    void whereNobodyListensTheConnectionIsRefused() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        isUnreadable(source(URI.create("http://127.0.0.1:" + port + SECRET), ""), "the connection is refused");
    }

    @Test
    void aHostThatIsNotThereIsNamedAsThat() {
        isUnreadable(source(URI.create("http://no-such-host.invalid" + SECRET), ""), "there is no such host");
    }

    @Test
    void whoIsAskedToStopStops() {
        web.keepsSilent();
        Thread.currentThread().interrupt();
        assertThatThrownBy(source(web.url(SECRET), "")::read).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }
}
