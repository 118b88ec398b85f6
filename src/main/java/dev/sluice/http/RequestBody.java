package dev.sluice.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.config.SizeText;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.problem.Problem;
import dev.sluice.run.SettingsChange;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/** A request's body: a JSON object whose every field must be known. {@link Bodies} reads it. */
final class RequestBody {
    /** So many mistakes are listed; the others are only counted. */
    static final int MOST_LISTED = 20;

    private static final int LONGEST_NAME = 80;
    private final ObjectNode object;
    private final List<Map<String, String>> mistakes = new ArrayList<>();
    private int notListed;

    /** @param object what was sent */
    RequestBody(ObjectNode object) {
        this.object = object;
    }

    /** Notes a mistake for every field but these. */
    RequestBody only(String... known) {
        Set<String> names = Set.of(known);
        object.fieldNames().forEachRemaining(name -> {
            if (!names.contains(name)) {
                mistake(name, "unknown field", names.isEmpty() ? "send no body" : "use " + String.join(", ", known));
            }
        });
        return this;
    }

    /** A length of time; empty if the field is absent. */
    Optional<Duration> duration(String name, Duration least, Duration most) {
        JsonNode node = object.path(name);
        if (node.isMissingNode()) {
            return Optional.empty();
        }
        Optional<Duration> read = node.isTextual() ? DurationText.parse(node.textValue()) : Optional.empty();
        if (read.filter(d -> d.compareTo(least) >= 0 && d.compareTo(most) <= 0).isEmpty()) {
            mistake(
                    name,
                    node.isTextual() && read.isPresent() ? "out of range" : "not a length of time",
                    "write a text from \"" + DurationText.format(least) + "\" to \"" + DurationText.format(most)
                            + "\"");
        }
        return read;
    }

    /** A text of 1 to so many characters, not blank; empty if the field is absent or null. */
    Optional<String> text(String name, int most) {
        JsonNode node = object.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (!node.isTextual()
                || node.textValue().isBlank()
                || node.textValue().length() > most
                || !isPlain(node.textValue())) {
            mistake(
                    name,
                    node.isTextual() ? "out of range" : "not a text",
                    "write a text of 1 to " + most + " characters on one line");
            return Optional.empty();
        }
        return Optional.of(node.textValue());
    }

    /**
     * Without control characters, which forge lines of a log, and without halves of characters, which nobody stores.
     */
    private static boolean isPlain(String text) {
        return text.codePoints()
                .noneMatch(c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE);
    }

    /** A whole number; empty if the field is absent. */
    Optional<Integer> whole(String name, int least, int most) {
        JsonNode node = object.path(name);
        if (node.isMissingNode()) {
            return Optional.empty();
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < least || node.intValue() > most) {
            mistake(
                    name,
                    node.isIntegralNumber() ? "out of range" : "not a whole number",
                    "write a number from " + least + " to " + most);
            return Optional.empty();
        }
        return Optional.of(node.intValue());
    }

    /** A number of bytes, or a text such as {@code 20GB}; 0 is always allowed. Empty if the field is absent. */
    Optional<Long> size(String name, long least, long most) {
        JsonNode node = object.path(name);
        if (node.isMissingNode()) {
            return Optional.empty();
        }
        OptionalLong read = node.isTextual()
                ? SizeText.parse(node.textValue())
                : node.isIntegralNumber() && node.canConvertToLong()
                        ? OptionalLong.of(node.longValue())
                        : OptionalLong.empty();
        if (read.isEmpty() || read.getAsLong() != 0 && (read.getAsLong() < least || read.getAsLong() > most)) {
            mistake(
                    name,
                    read.isPresent() || node.isIntegralNumber() ? "out of range" : "not a size",
                    "write a text from \"" + SizeText.format(least) + "\" to \"" + SizeText.format(most)
                            + "\", so many bytes, or 0");
            return Optional.empty();
        }
        return Optional.of(read.getAsLong());
    }

    /**
     * A share of the cores as a job file has it, {@code 20%} or {@code off}, or as a number, of which 0 is {@code off}
     * and null what the job file says; empty if the field is absent.
     */
    Optional<SettingsChange.Cores> cores(String name) {
        JsonNode node = object.path(name);
        if (node.isMissingNode()) {
            return Optional.empty();
        }
        boolean none =
                node.isNumber() && node.doubleValue() == 0 || node.asText().equals("off");
        if (none || node.isNull()) {
            return Optional.of(new SettingsChange.Cores(none ? 0.0 : null));
        }
        OptionalDouble share = node.isTextual()
                ? ThrottleSettings.cores(node.textValue())
                : node.isNumber() ? OptionalDouble.of(node.doubleValue()) : OptionalDouble.empty();
        if (share.isEmpty() || share.getAsDouble() < ThrottleSettings.LEAST_CORES || share.getAsDouble() > 1) {
            mistake(
                    name,
                    share.isPresent() ? "out of range" : "not a share",
                    "write a text from \"0.1%\" to \"100%\", a number from 0.001 to 1, \"off\", or null for what the job"
                            + " file says");
            return Optional.empty();
        }
        return Optional.of(new SettingsChange.Cores(share.getAsDouble()));
    }

    /** Whether the field is there and null. */
    boolean isNull(String name) {
        return object.path(name).isNull();
    }

    boolean isEmpty() {
        return object.isEmpty();
    }

    /**
     * @throws Problem INVALID {@code bad-body} with the mistakes noted so far, the first 20 and the count of the rest
     */
    void check() {
        if (!mistakes.isEmpty()) {
            String texts = mistakes.stream()
                    .map(m -> m.get("field") + ": " + m.get("reason") + "; " + m.get("fix") + ".")
                    .collect(Collectors.joining(" "));
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-body",
                    texts + (notListed == 0 ? "" : " And " + notListed + " more mistakes."),
                    Map.of("mistakes", List.copyOf(mistakes), "notListed", notListed));
        }
    }

    private void mistake(String field, String reason, String fix) {
        if (mistakes.size() == MOST_LISTED) {
            notListed++;
            return;
        }
        var m = new LinkedHashMap<String, String>();
        m.put("field", field.length() > LONGEST_NAME ? field.substring(0, LONGEST_NAME) + "..." : field);
        m.put("reason", reason);
        m.put("fix", fix);
        mistakes.add(m);
    }
}
