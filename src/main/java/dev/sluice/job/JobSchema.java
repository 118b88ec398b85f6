package dev.sluice.job;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.keyword.NonValidationKeyword;
import com.networknt.schema.path.NodePath;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The published JSON Schema of a job file, and its findings in words a person understands. */
final class JobSchema {
    private static final String RESOURCE = "job.schema.json";
    /** said better by {@link JobTranslation}, which knows what belongs together */
    private static final Set<String> LEFT_TO_TRANSLATION = Set.of("oneOf", "dependentRequired");

    private static final String BAD_VALUE = "bad-value";

    private final JsonNode source;
    private final Schema schema;

    JobSchema() {
        source = JsonMapper.shared().readTree(text());
        Dialect dialect = Dialect.builder(Dialects.getDraft202012())
                .keyword(new NonValidationKeyword("errorMessage"))
                .build();
        schema = SchemaRegistry.withDialect(dialect).getSchema(source);
    }

    /** As it is published. */
    static String text() {
        try (InputStream in = Objects.requireNonNull(JobSchema.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Notes everything in the tree that the schema refuses. */
    void check(JsonNode root, Mistakes mistakes) {
        List<Error> errors = schema.validate(root).stream()
                .filter(e -> !isLeft(e))
                .sorted(Comparator.comparingInt(JobSchema::weight))
                .toList();
        for (Error error : errors) {
            String key = key(error);
            if (error.getKeyword().equals("required")
                    || error.getKeyword().equals("additionalProperties")
                    || !mistakes.within(key)) {
                report(error, key, mistakes);
            }
        }
    }

    /** Misspelt keys explain missing ones, and a wrong type explains the other findings at the same place. */
    private static int weight(Error error) {
        return switch (error.getKeyword()) {
            case "additionalProperties" -> 0;
            case "type" -> 1;
            default -> 2;
        };
    }

    private static boolean isLeft(Error error) {
        for (String keyword : LEFT_TO_TRANSLATION) {
            if (error.getKeyword().equals(keyword)
                    || error.getEvaluationPath().toString().contains("/" + keyword + "/")) {
                return true;
            }
        }
        return false;
    }

    private void report(Error error, String key, Mistakes mistakes) {
        SchemaRule rule = rule(error);
        String keyword = error.getKeyword();
        String shown = shown(error.getInstanceNode());
        switch (keyword) {
            case "additionalProperties" -> unknown(error.getProperty(), key, rule, mistakes);
            case "required" -> missing(error.getProperty(), key, rule, mistakes);
            case "not", "const" -> refused(error, key, rule, mistakes);
            case "type" -> {
                String reason = error.getInstanceNode().isNull()
                        ? "the value is empty."
                        : "must be " + rule.types() + ", but is " + found(error.getInstanceNode()) + ".";
                mistakes.add(key, "wrong-type", reason, rule.fix(key));
            }
            case "enum" -> {
                String reason = shown + " is not one of " + rule.choices() + ".";
                mistakes.add(key, BAD_VALUE, reason, "Write one of them, such as " + rule.example(last(key)) + ".");
            }
            case "minimum", "maximum" -> {
                String reason = shown + " is not within " + rule.text("minimum") + " and " + rule.text("maximum") + ".";
                mistakes.add(key, "out-of-range", reason, rule.fix(key));
            }
            case "minLength", "minItems", "minProperties" ->
                mistakes.add(key, "empty", "nothing is in it.", rule.fix(key));
            case "maxLength", "maxItems" ->
                mistakes.add(key, "too-large", "it is longer than " + rule.text(keyword) + ".", "Make it shorter.");
            case "uniqueItems" -> mistakes.add(key, "duplicate-column", "a name stands there twice.", rule.fix(key));
            default -> mistakes.add(key, BAD_VALUE, shown + " does not have the right form.", rule.fix(key));
        }
    }

    /** A key, or a value other than the one that works, that the schema knows but does not allow. */
    private static void refused(Error error, String key, SchemaRule rule, Mistakes mistakes) {
        String shown = shown(error.getInstanceNode());
        if (rule.refusesAll()) {
            String fix = "Take the key away; the feature comes with a later version.";
            mistakes.add(key, "not-supported-yet", "not supported yet.", fix);
        } else if (rule.hasFix()) {
            mistakes.add(key, BAD_VALUE, shown + " means nothing here.", rule.fix(key));
        } else {
            String fix = "Write " + rule.example(last(key)) + ", which is what happens anyway, or take the key away.";
            mistakes.add(key, "not-supported-yet", shown + " is not supported yet.", fix);
        }
    }

    private static void missing(String name, String parent, SchemaRule rule, Mistakes mistakes) {
        String key = within(parent, name);
        if (!mistakes.isMeant(key)) {
            String fix = "Add " + rule.property(name).example(name) + ".";
            mistakes.add(key, "missing-key", "the key is missing.", fix);
        }
    }

    private void unknown(String name, String parent, SchemaRule rule, Mistakes mistakes) {
        Optional<String> near = Spelling.nearest(name, rule.properties());
        near.ifPresent(n -> mistakes.meant(within(parent, n)));
        String where = parent.isEmpty() ? "at the top of a job file" : "in `" + parent + "`";
        String fix = near.map(n -> "Did you mean `" + n + "`?")
                .or(() -> whole().placeOf(name).map(p -> "Did you mean `" + p + "`? Mind the indentation."))
                .orElseGet(() -> "Take it away; known here: " + String.join(", ", rule.working()) + ".");
        mistakes.add(within(parent, name), "unknown-key", "no such key " + where + ".", fix);
    }

    private SchemaRule whole() {
        return new SchemaRule(source, source);
    }

    /** The part of the schema that holds the violated keyword. */
    private SchemaRule rule(Error error) {
        NodePath path = error.getSchemaLocation().getFragment();
        JsonNode node = source;
        for (int i = 0; i < path.getNameCount() - 1; i++) {
            node = path.getElement(i) instanceof Integer index
                    ? node.path(index)
                    : node.path(String.valueOf(path.getElement(i)));
        }
        return new SchemaRule(node, source);
    }

    private static String within(String parent, String name) {
        return parent.isEmpty() ? name : parent + "." + name;
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    private static String key(Error error) {
        NodePath path = error.getInstanceLocation();
        StringBuilder key = new StringBuilder();
        for (int i = 0; i < path.getNameCount(); i++) {
            if (path.getElement(i) instanceof Integer index) {
                key.append('[').append(index).append(']');
            } else {
                key.append(key.isEmpty() ? "" : ".").append(path.getElement(i));
            }
        }
        return key.toString();
    }

    private static String found(JsonNode value) {
        if (value.isObject()) {
            return "a mapping of keys";
        }
        if (value.isArray()) {
            return "a list";
        }
        return (value.isString() ? "text: " : value.isNumber() ? "a number: " : "") + shown(value);
    }

    private static String shown(JsonNode value) {
        if (value.isBigInteger() && value.bigIntegerValue().bitLength() > 63) {
            return Mistake.brief(
                    new BigDecimal(value.bigIntegerValue()).stripTrailingZeros().toString());
        }
        return Mistake.brief(value.isString() ? "\"" + value.asString() + "\"" : value.toString());
    }
}
