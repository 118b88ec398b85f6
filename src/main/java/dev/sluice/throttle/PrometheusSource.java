package dev.sluice.throttle;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * A query to a Prometheus server, by {@code /api/v1/query}. Of several series the largest counts; NaN counts where
 * there is nothing else, as in PromQL's own {@code max}.
 *
 * @param code the signal's name
 * @param url of the server
 * @param query in PromQL
 * @param every how often
 * @param fetch asks
 */
record PrometheusSource(String code, URI url, String query, Duration every, Fetch fetch) implements RemoteSource {
    /** The server gives the query up then, a second before nobody waits any more. */
    private static final String TIMEOUT = "4s";

    private static final int LONGEST_ERROR = 200;

    @Override
    public List<Measurement> read() throws IOException, InterruptedException {
        Fetch.Answer answer = fetch.get(address());
        if (!answer.isGood()) {
            throw new IOException("answers " + answer.status() + reason(answer));
        }
        JsonNode json = answer.json();
        if (!json.path("status").asText().equals("success")) {
            throw new IOException("the answer is not that of Prometheus");
        }
        String type = json.at("/data/resultType").asText();
        JsonNode result = json.at("/data/result");
        return switch (type) {
            case "scalar" -> CustomMeasurement.of(value(result));
            case "vector" -> CustomMeasurement.of(largest(result));
            default -> throw new IOException("the query gives a " + type + ", not a scalar or a vector");
        };
    }

    private URI address() {
        String server = url.toString().replaceAll("/+$", "");
        return URI.create(server + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8)
                + "&timeout=" + TIMEOUT);
    }

    private static double largest(JsonNode series) throws IOException {
        if (series.isEmpty()) {
            throw new IOException("the query finds no series");
        }
        double[] values = new double[series.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = value(series.path(i).path("value"));
        }
        return DoubleStream.of(values).filter(v -> !Double.isNaN(v)).max().orElse(Double.NaN);
    }

    /** Of a sample, {@code [1435781451.781, "1.5"]}. */
    private static double value(JsonNode sample) throws IOException {
        String text = sample.path(1).asText();
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> {
                try {
                    yield Double.parseDouble(text);
                } catch (NumberFormatException e) {
                    throw new IOException("a sample in the answer is no number");
                }
            }
        };
    }

    /** What Prometheus says of a query it refuses, such as {@code : bad_data: parse error}. */
    private static String reason(Fetch.Answer answer) {
        try {
            JsonNode json = answer.json();
            String said =
                    json.path("errorType").asText() + ": " + json.path("error").asText();
            String line = said.replaceAll("[\\p{Cntrl}\\s]+", " ");
            return json.has("error") ? ": " + line.substring(0, Math.min(LONGEST_ERROR, line.length())) : "";
        } catch (IOException e) {
            return "";
        }
    }
}
