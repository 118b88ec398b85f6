package dev.sluice.throttle;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * An address that says how things are: by its status (2xx is 0, 429 and 503 hold the run), or by a number in the JSON
 * it answers.
 *
 * @param code the signal's name
 * @param url that is asked
 * @param pointer where the number stands; empty where the status counts
 * @param every how often
 * @param fetch asks
 */
record HttpSource(String code, URI url, Optional<JsonPointer> pointer, Duration every, Fetch fetch)
        implements RemoteSource {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int UNAVAILABLE = 503;
    /** A number that is written as text and longer than that is none. */
    private static final int LONGEST_NUMBER = 50;

    @Override
    public List<Measurement> read() throws IOException, InterruptedException {
        Fetch.Answer answer = fetch.get(url);
        if (pointer.isPresent()) {
            if (!answer.isGood()) {
                throw new IOException("answers " + answer.status());
            }
            return CustomMeasurement.of(number(answer.json().at(pointer.get()), pointer.get()));
        }
        String text = "answers " + answer.status();
        if (answer.isGood()) {
            return CustomMeasurement.of(true, text);
        }
        if (answer.status() == TOO_MANY_REQUESTS || answer.status() == UNAVAILABLE) {
            return CustomMeasurement.of(false, text);
        }
        throw new IOException(text + "; 2xx is good, 429 and 503 are over the limit, others say neither");
    }

    private static double number(JsonNode node, JsonPointer pointer) throws IOException {
        if (node.isMissingNode()) {
            throw new IOException("nothing is at " + pointer + " in the answer");
        }
        if (node.isNumber()) {
            return node.doubleValue();
        }
        if (node.isTextual() && node.textValue().length() <= LONGEST_NUMBER) {
            try {
                return Double.parseDouble(node.textValue().strip());
            } catch (NumberFormatException e) {
                throw new IOException("what is at " + pointer + " in the answer is no number");
            }
        }
        throw new IOException("what is at " + pointer + " in the answer is no number");
    }
}
