package dev.sluice.job;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads YAML (1.2, core schema) into a JSON tree and notes the line of every key. Depth and number of nodes are
 * bounded, also where anchors multiply them.
 */
final class YamlTree {
    private static final int DEEPEST = 20;
    private static final int MOST_NODES = 10_000;
    private static final int MOST_LINES = 20_000;
    /** Keys and values together, as they stand in the text; what anchors repeat is counted later. */
    private static final int MOST_EVENTS = 2 * MOST_NODES;

    /** A quoted name of 63 bytes has at most 128; a key is repeated in the path of each key below it. */
    private static final int LONGEST_KEY = 200;

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Mistakes mistakes;
    private int nodes;

    private YamlTree(Mistakes mistakes) {
        this.mistakes = mistakes;
    }

    /** Thrown inside only: the text is beyond a bound, which was noted. */
    private static final class TooMuch extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /**
     * Reads one YAML document.
     *
     * @param text the file's content
     * @param mistakes takes the lines of all keys, and what is wrong
     * @return the tree; empty where the text could not be read at all
     */
    static Optional<JsonNode> read(String text, Mistakes mistakes) {
        LoadSettings settings = LoadSettings.builder()
                .setSchema(new CoreSchema())
                .setUseMarks(true)
                .setAllowNonScalarKeys(true)
                .setCodePointLimit(JobReader.LARGEST_FILE)
                // all at once: a smaller buffer is copied for each piece that a long line or comment adds
                .setBufferSize(text.length() + 1)
                .build();
        YamlTree tree = new YamlTree(mistakes);
        if (text.lines().count() > MOST_LINES) {
            mistakes.addAt(
                    MOST_LINES,
                    "",
                    "too-large",
                    "the file has more than " + MOST_LINES + " lines.",
                    "Write less in one job file.");
            return Optional.empty();
        }
        if (text.codePoints().anyMatch(YamlTree::isHalf)) {
            // the parser reads beyond its buffer where two such halves stand at its end
            unreadable("half of a character stands alone", mistakes);
            return Optional.empty();
        }
        if (text.lines().allMatch(YamlTree::isComment)) {
            return tree.empty();
        }
        try {
            if (!tree.isBounded(new Parse(settings).parseString(text))) {
                return Optional.empty();
            }
            Iterator<Node> documents =
                    new Compose(settings).composeAllFromString(text).iterator();
            if (!documents.hasNext()) {
                return tree.empty();
            }
            JsonNode root = tree.json(documents.next(), "", 0);
            if (documents.hasNext()) {
                int line = line(documents.next());
                mistakes.addAt(
                        line,
                        "",
                        "bad-yaml",
                        "a second YAML document begins here.",
                        "One file holds one job: move it to a file of its own.");
            }
            return Optional.of(root);
        } catch (TooMuch e) {
            return Optional.empty();
        } catch (MarkedYamlEngineException e) {
            Integer line = e.getProblemMark().map(m -> m.getLine() + 1).orElse(null);
            String context = e.getContext() == null ? "" : " " + e.getContext();
            mistakes.addAt(
                    line,
                    "",
                    "bad-yaml",
                    "not YAML: " + sentence(e.getProblem() + context),
                    "Check indentation, quotes and colons around this line; put text that holds ': ' or ' #', or"
                            + " begins with a special character, in double quotes.");
            return Optional.empty();
        } catch (YamlEngineException e) {
            unreadable(String.valueOf(e.getMessage()), mistakes);
            return Optional.empty();
        }
    }

    /** Of white space as YAML has it, or nothing but a comment. */
    private static boolean isComment(String line) {
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '#') {
                return line.chars().noneMatch(Character::isISOControl);
            }
            if (c != ' ') {
                return false;
            }
        }
        return true;
    }

    private Optional<JsonNode> empty() {
        mistakes.addAt(null, "", "empty-file", "the file is empty.", "Write a job, or delete the file.");
        return Optional.empty();
    }

    private static void unreadable(String why, Mistakes mistakes) {
        mistakes.addAt(
                null,
                "",
                "bad-yaml",
                "not YAML: " + sentence(why),
                "Save the file as YAML, in UTF-8, without control characters.");
    }

    /** Looks at the flat events before anything recursive does. */
    private boolean isBounded(Iterable<Event> events) {
        int depth = 0;
        int count = 0;
        for (Event event : events) {
            count++;
            switch (event.getEventId()) {
                case MappingStart, SequenceStart -> depth++;
                case MappingEnd, SequenceEnd -> depth--;
                default -> {}
            }
            if (depth > DEEPEST) {
                int line = event.getStartMark().map(m -> m.getLine() + 1).orElse(1);
                tooDeep(line);
                return false;
            }
            if (count > MOST_EVENTS) {
                tooMany(event.getStartMark().map(m -> m.getLine() + 1).orElse(1));
                return false;
            }
        }
        return true;
    }

    private JsonNode json(Node node, String key, int depth) {
        nodes++;
        if (nodes > MOST_NODES) {
            tooMany(line(node));
            throw new TooMuch();
        }
        if (depth > DEEPEST) {
            tooDeep(line(node));
            throw new TooMuch();
        }
        if (key.isEmpty()) {
            mistakes.line("", line(node));
        }
        return switch (node) {
            case MappingNode mapping -> object(mapping, key, depth);
            case SequenceNode sequence -> array(sequence, key, depth);
            case ScalarNode scalar -> scalar(scalar, key);
            default -> throw new IllegalStateException("YAML node " + node.getClass());
        };
    }

    private ObjectNode object(MappingNode mapping, String key, int depth) {
        ObjectNode object = JSON.objectNode();
        Map<String, Integer> seen = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            int line = line(tuple.getKeyNode());
            if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                mistakes.addAt(
                        line,
                        key,
                        "bad-yaml",
                        "a list or mapping stands where a key belongs.",
                        "Write the key as text; put text that begins with '[' or '{' in quotes.");
                continue;
            }
            if (!isKey(name.getValue(), line, key)) {
                continue;
            }
            String inner = key.isEmpty() ? name.getValue() : key + "." + name.getValue();
            Integer first = seen.putIfAbsent(name.getValue(), line);
            if (first != null) {
                mistakes.addAt(
                        line,
                        inner,
                        "duplicate-key",
                        "the key is there already, in line " + first + ".",
                        "Keep one of the two.");
                continue;
            }
            mistakes.line(inner, line);
            object.set(name.getValue(), json(tuple.getValueNode(), inner, depth + 1));
        }
        return object;
    }

    private boolean isKey(String name, int line, String around) {
        if (name.length() > LONGEST_KEY) {
            mistakes.addAt(
                    line,
                    around,
                    "too-large",
                    "a key has " + name.length() + " characters, at most " + LONGEST_KEY + " are read.",
                    "Make it shorter; check quotes and colons around this line.");
            return false;
        }
        return isStorable(name, line, around);
    }

    /** PostgreSQL keeps neither in a text; a definition that holds one could not be shared with other workers. */
    private boolean isStorable(String text, int line, String key) {
        boolean storable = text.indexOf('\0') < 0 && text.codePoints().noneMatch(YamlTree::isHalf);
        if (!storable) {
            mistakes.addAt(
                    line,
                    key,
                    "bad-value",
                    "the character NUL, or half of a character, is in it.",
                    "Take it out; no database can store it.");
        }
        return storable;
    }

    private static boolean isHalf(int character) {
        return character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
    }

    private ArrayNode array(SequenceNode sequence, String key, int depth) {
        ArrayNode array = JSON.arrayNode();
        for (Node item : sequence.getValue()) {
            String inner = key + "[" + array.size() + "]";
            mistakes.line(inner, line(item));
            array.add(json(item, inner, depth + 1));
        }
        return array;
    }

    private JsonNode scalar(ScalarNode scalar, String key) {
        String text = scalar.getValue();
        Tag tag = scalar.getTag();
        if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
            return YamlNumber.read(text, tag.equals(Tag.INT));
        }
        if (tag.equals(Tag.BOOL)) {
            return JSON.booleanNode(text.equalsIgnoreCase("true"));
        }
        if (tag.equals(Tag.NULL)) {
            return JSON.nullNode();
        }
        if (!tag.equals(Tag.STR)) {
            mistakes.addAt(
                    line(scalar),
                    key,
                    "bad-yaml",
                    "the tag " + Mistake.brief(tag.toString()) + " means nothing here.",
                    "Take the tag away; put text that begins with '!' in quotes.");
        }
        if (!isStorable(text, line(scalar), key)) {
            return JSON.stringNode("");
        }
        return JSON.stringNode(text);
    }

    private void tooMany(int line) {
        mistakes.addAt(
                line,
                "",
                "too-large",
                "the file has more than " + MOST_NODES + " values, those that anchors repeat included.",
                "Write less in one job file.");
    }

    private void tooDeep(int line) {
        mistakes.addAt(
                line,
                "",
                "too-large",
                "values are nested more than " + DEEPEST + " deep.",
                "A job file needs four levels; check brackets and anchors.");
    }

    /** With one full stop at its end. */
    private static String sentence(String text) {
        return text.replaceAll("[.\\s]+$", "") + ".";
    }

    private static int line(Node node) {
        return node.getStartMark().map(m -> m.getLine() + 1).orElse(1);
    }
}
