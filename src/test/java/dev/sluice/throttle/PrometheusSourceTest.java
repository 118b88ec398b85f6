package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.WebStandIn;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers in the form that Prometheus' documentation of its HTTP API gives; {@link PrometheusIT} asks the real one. */
class PrometheusSourceTest {
    private final WebStandIn web = new WebStandIn();
    private final Fetch fetch = Fetch.within(Duration.ofSeconds(20));

    @AfterEach
    void close() {
        fetch.close();
        web.close();
    }

    private PrometheusSource source(String path, String query) {
        return new PrometheusSource("p99", web.url(path), query, Duration.ofSeconds(5), fetch);
    }

    private static String data(String type, String result) {
        return "{\"status\":\"success\",\"data\":{\"resultType\":\"" + type + "\",\"result\":" + result + "}}";
    }

    private static String vector(String... values) {
        return data(
                "vector",
                Arrays.stream(values)
                        .map(v -> "{\"metric\":{\"__name__\":\"up\",\"job\":\"" + v + "\"},\"value\":[1435781451.781,\""
                                + v + "\"]}")
                        .collect(Collectors.joining(",", "[", "]")));
    }

    private void isUnreadable(String why) {
        assertThatThrownBy(source("", "up")::read)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "0.25, 0.25", "-3, -3", "1e+06, 1000000", "2.5 7 1, 7", "NaN 2 NaN, 2", "-Inf 4, 4"})
    void theLargestOfAVectorCounts(String values, double largest) throws Exception {
        web.answers(200, vector(values.split(" ")));
        assertThat(source("", "up").read()).extracting(Measurement::value).containsExactly(largest);
    }

    @Test
    void aScalarIsANumber() throws Exception {
        web.answers(200, data("scalar", "[1435781451.781,\"0.5\"]"));
        assertThat(source("", "scalar(up)").read()).containsExactly(Measurement.of("limit", "", 0.5, "0.5"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "/prom", "/prom//"})
    void theQueryArrivesAsItIsWritten(String path) throws Exception {
        web.answers(200, vector("1"));
        String query = "sum by (a) (rate(b_total{c=~\"d|e+%20&f=ü\"}[5m])) > 1";
        source(path, query).read();

        var asked = web.asked.get(0);
        assertThat(asked.getPath()).isEqualTo(path.replaceAll("/+$", "") + "/api/v1/query");
        assertThat(asked.getRawQuery()).endsWith("&timeout=4s");
        String sent = asked.getRawQuery().replaceAll("^query=|&timeout=4s$", "");
        assertThat(java.net.URLDecoder.decode(sent, java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo(query);
    }

    @Test
    void whatGivesNoNumberIsUnreadable() {
        web.answers(200, vector());
        isUnreadable("finds no series");
        web.answers(200, vector("NaN"));
        isUnreadable("it gives NaN");
        web.answers(200, vector("NaN", "NaN"));
        isUnreadable("it gives NaN");
        web.answers(200, vector("1", "+Inf"));
        isUnreadable("it gives Infinity");
        web.answers(200, vector("-Inf"));
        isUnreadable("it gives -Infinity");
        web.answers(200, data("scalar", "[1435781451.781,\"NaN\"]"));
        isUnreadable("it gives NaN");
        web.answers(200, data("matrix", "[]"));
        isUnreadable("gives a matrix, not a scalar or a vector");
        web.answers(200, data("string", "[1435781451.781,\"5\"]"));
        isUnreadable("gives a string");
        web.answers(200, data("vector", "[{\"metric\":{},\"histogram\":[1435781451.781,{\"count\":\"5\"}]}]"));
        isUnreadable("a sample in the answer is no number");
    }

    @Test
    void whatIsNotPrometheusIsUnreadable() {
        web.answers(200, "{\"n\": 5}");
        isUnreadable("not that of Prometheus");
        web.answers(200, "<html>");
        isUnreadable("not JSON");
        web.answers(502, "<html>");
        isUnreadable("answers 502");
        web.answers(503, "{\"n\": 5}");
        isUnreadable("answers 503");
        web.answers(200, data("scalar", "[1435781451.781]"));
        isUnreadable("a sample in the answer is no number");
    }

    @Test
    void anErrorOfPrometheusIsToldInOneShortLine() {
        web.answers(
                400,
                "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter \\\"query\\\":\\n1:5:"
                        + " parse error" + "!".repeat(500) + "\"}");
        assertThatThrownBy(source("", "up")::read)
                .hasMessageStartingWith("answers 400: bad_data: invalid parameter \"query\": 1:5: parse error!!!")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(250));
    }
}
