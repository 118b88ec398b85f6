package dev.sluice.job;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * One rule of the schema, the object that holds its keywords, in words for people.
 *
 * @param rule the object
 * @param schema the whole schema, where {@code $ref} points into
 */
record SchemaRule(JsonNode rule, JsonNode schema) {
    private static final String PROPERTIES = "properties";
    private static final String DEFINITION = "#/$defs/";

    /** The rule of a key under this one. */
    SchemaRule property(String name) {
        return new SchemaRule(rule.path(PROPERTIES).path(name), schema);
    }

    /** The names of the keys under this one. */
    Collection<String> properties() {
        return rule.path(PROPERTIES).propertyNames();
    }

    /** The names of the keys under this one, without those that are not supported yet. */
    List<String> working() {
        return properties().stream().filter(p -> !property(p).refusesAll()).toList();
    }

    /** Whether whatever stands there is refused. */
    boolean refusesAll() {
        return rule.has("not") && rule.path("not").isEmpty();
    }

    /** Whether the schema itself says what to write instead. */
    boolean hasFix() {
        return rule.has("errorMessage");
    }

    /** What to write instead, a sentence. */
    String fix(String key) {
        if (hasFix()) {
            String said = text("errorMessage");
            return Character.toUpperCase(said.charAt(0)) + said.substring(1) + ".";
        }
        if (rule.has(PROPERTIES)) {
            return "Write the keys " + String.join(", ", working()) + " under it.";
        }
        return "Write " + example(key.substring(key.lastIndexOf('.') + 1)) + ".";
    }

    /** The first example, as a line of a job file. */
    String example(String name) {
        JsonNode examples = rule.path("examples");
        if (examples.isMissingNode() && rule.has("$ref")) {
            String definition = text("$ref").substring(DEFINITION.length());
            examples = schema.path("$defs").path(definition).path("examples");
        }
        if (examples.isEmpty()) {
            return "`" + name + ":`";
        }
        JsonNode first = examples.get(0);
        return "`" + name + ": " + (first.isString() ? first.asString() : first.toString()) + "`";
    }

    /** The value of a keyword. */
    String text(String keyword) {
        return rule.path(keyword).asString("");
    }

    /** The values that may be there. */
    String choices() {
        return String.join(
                ", ",
                rule.path("enum").values().stream().map(JsonNode::asString).toList());
    }

    /** The types that may be there. */
    String types() {
        JsonNode type = rule.path("type");
        return type.isString()
                ? named(type.asString())
                : String.join(
                        " or ",
                        type.values().stream().map(t -> named(t.asString())).toList());
    }

    /** Where under this rule, anywhere, a key of this very name is known; dotted. */
    Optional<String> placeOf(String name) {
        if (rule.path(PROPERTIES).has(name)) {
            return Optional.of(name);
        }
        for (Map.Entry<String, JsonNode> property : rule.path(PROPERTIES).properties()) {
            Optional<String> inside = new SchemaRule(property.getValue(), schema).placeOf(name);
            if (inside.isPresent()) {
                return inside.map(i -> property.getKey() + "." + i);
            }
        }
        return Optional.empty();
    }

    private static String named(String type) {
        return switch (type) {
            case "string" -> "text";
            case "integer" -> "a whole number";
            case "number" -> "a number";
            case "boolean" -> "true or false";
            case "array" -> "a list";
            case "object" -> "a mapping of keys";
            default -> type;
        };
    }
}
