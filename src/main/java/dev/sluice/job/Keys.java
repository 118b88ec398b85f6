package dev.sluice.job;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * The values of a job file by their dotted keys, items of lists as {@code a.b[0].c}; those with a mistake noted are
 * left out.
 */
final class Keys {
    private final JsonNode root;
    private final Mistakes mistakes;

    Keys(JsonNode root, Mistakes mistakes) {
        this.root = root;
        this.mistakes = mistakes;
    }

    /** Whether the key is there, right or wrong or misspelt. */
    boolean has(String key) {
        return !node(key).isMissingNode() || mistakes.isMeant(key);
    }

    /** Whether the key is there with keys under it. */
    boolean isMapping(String key) {
        return node(key).isObject();
    }

    /** The keys of the items of the list at this key, right or wrong; none where no list is there. */
    List<String> items(String key) {
        JsonNode list = node(key);
        return list.isArray()
                ? IntStream.range(0, list.size())
                        .mapToObj(i -> key + "[" + i + "]")
                        .toList()
                : List.of();
    }

    /** The value. */
    Optional<JsonNode> value(String key) {
        JsonNode node = node(key);
        return node.isMissingNode() || mistakes.within(key) ? Optional.empty() : Optional.of(node);
    }

    /** The value as text, without white space around it; also that of a number or a boolean. */
    Optional<String> text(String key) {
        return value(key)
                .filter(JsonNode::isValueNode)
                .filter(v -> !v.isNull())
                .map(v -> v.asString().strip());
    }

    /** The whole number. To JSON Schema {@code 1e3} and {@code 5.0} are some, too; here they are mistakes. */
    Optional<Integer> number(String key) {
        Optional<JsonNode> number = value(key).filter(JsonNode::isNumber);
        if (number.isPresent() && !number.get().isIntegralNumber()) {
            String name = key.substring(key.lastIndexOf('.') + 1);
            mistakes.add(
                    key,
                    "wrong-type",
                    "must be a whole number, but is written with a fraction or an exponent: " + number.get() + ".",
                    "Write the digits alone, such as `" + name + ": 1000`.");
            return Optional.empty();
        }
        return number.filter(JsonNode::canConvertToInt).map(JsonNode::intValue);
    }

    /** The texts under a key that holds a mapping, by their full dotted keys, those with a mistake left out. */
    Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        for (var property : node(key).properties()) {
            String inner = key + "." + property.getKey();
            if (property.getValue().isValueNode() && !property.getValue().isNull() && !mistakes.within(inner)) {
                texts.put(property.getKey(), property.getValue().asString().strip());
            }
        }
        return texts;
    }

    private JsonNode node(String key) {
        JsonNode node = root;
        for (String part : key.split("\\.")) {
            int bracket = part.indexOf('[');
            node = bracket < 0
                    ? node.path(part)
                    : node.path(part.substring(0, bracket))
                            .path(Integer.parseInt(part.substring(bracket + 1, part.length() - 1)));
        }
        return node;
    }
}
