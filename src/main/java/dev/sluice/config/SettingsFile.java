package dev.sluice.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads the YAML file into keys, texts and lines. Texts stay as they are written (a password {@code 0123} is not an
 * octal number), and lines are kept for messages; that is why the nodes are walked and not the values.
 */
final class SettingsFile {
    private static final int DEEPEST = 10;
    /** 1 MiB, in bytes. */
    private static final int LARGEST = 1 << 20;

    private final Path file;
    private final GivenValues given;
    private String text = "";

    private SettingsFile(Path file, GivenValues given) {
        this.file = file;
        this.given = given;
    }

    /** Puts what the file says to {@code given}, its mistakes too. */
    static void read(Path file, GivenValues given) {
        new SettingsFile(file, given).read();
    }

    private void read() {
        try {
            text = content();
            if (text.isEmpty() || takesAnythingForItself()) {
                return;
            }
            @Nullable Node root = new Yaml(new SafeConstructor(new LoaderOptions())).compose(new StringReader(text));
            if (root instanceof MappingNode mapping) {
                walk(mapping, "", 0);
            } else if (root != null) {
                given.refuse(
                        place(root), "", "the file is not a list of keys.", "begin with a key such as `databases:`.");
            }
        } catch (NoSuchFileException e) {
            given.refuse(
                    file.toString(),
                    "",
                    "there is no such file.",
                    "correct --config or SLUICE_CONFIG, or leave it out.");
        } catch (CharacterCodingException e) {
            given.refuse(file.toString(), "", "the file is not UTF-8.", "save it as UTF-8.");
        } catch (IOException e) {
            given.refuse(
                    file.toString(),
                    "",
                    "the file cannot be read: " + e.getMessage() + ".",
                    "make it a readable file.");
        } catch (MarkedYAMLException e) {
            @Nullable Mark mark = e.getProblemMark();
            String place = mark == null ? file.toString() : file + ":" + (mark.getLine() + 1);
            // the parser quotes what it stumbles over, and that may be a password
            boolean secret = mark == null || Mask.mentionsSecret(line(mark.getLine()));
            given.refuse(
                    place,
                    "",
                    "not YAML" + (secret ? "." : ": " + e.getProblem() + "."),
                    "correct the line; put texts with special signs into single quotes.");
        } catch (YAMLException e) {
            given.refuse(file.toString(), "", "not YAML.", "write one plain YAML document without control characters.");
        }
    }

    /** What the file says; nothing where it is refused. A named pipe would be waited for, and a device never ends. */
    private String content() throws IOException {
        boolean stream = file.startsWith("/dev/fd") || file.equals(Path.of("/dev/stdin"));
        if (Files.exists(file) && !Files.isRegularFile(file) && !stream) {
            given.refuse(file.toString(), "", "it is a folder, a pipe or a device, and no file.", "name a file.");
            return "";
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LARGEST + 1);
            if (bytes.length > LARGEST) {
                given.refuse(file.toString(), "", "the file has more than " + LARGEST + " bytes.", "shorten it.");
                return "";
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        }
    }

    /**
     * Values are taken as they are written, and a value that begins with {@code *}, {@code &} or {@code !} is not: YAML
     * would replace it, or lose its beginning. Nothing of it is told, for it may be a password.
     */
    private boolean takesAnythingForItself() {
        boolean found = false;
        for (Event event : new Yaml(new SafeConstructor(new LoaderOptions())).parse(new StringReader(text))) {
            boolean taken = event instanceof NodeEvent node
                    && (node instanceof AliasEvent
                            || node.getAnchor() != null
                            || (node instanceof ScalarEvent scalar && scalar.getTag() != null)
                            || (node instanceof CollectionStartEvent start && start.getTag() != null));
            if (taken) {
                found = true;
                given.refuse(
                        file + ":" + (event.getStartMark().getLine() + 1),
                        "",
                        "a value begins with `*`, `&` or `!`, which YAML takes for itself.",
                        "put the value into single quotes.");
            }
        }
        return found;
    }

    /** A list or mapping where a text belongs, or a secret that is no whole text. */
    private boolean isLost(Node node, String key) {
        if (KnownKeys.patternOf(key).isEmpty()) {
            return false;
        }
        if (!(node instanceof ScalarNode scalar)) {
            given.refuse(
                    place(node),
                    key,
                    "a list or mapping stands where a text belongs.",
                    "put a text that begins with `[` or `{` into single quotes.");
            return true;
        }
        if (Mask.isSecret(key)
                && scalar.getScalarStyle() == DumperOptions.ScalarStyle.PLAIN
                && rest(scalar.getEndMark()).contains("#")) {
            given.refuse(
                    place(node),
                    key,
                    "what follows `#` is a comment, and no part of the value.",
                    "put the value into single quotes, or the comment on a line of its own.");
            return true;
        }
        return false;
    }

    /** What stands behind a mark in its line. */
    private String rest(Mark mark) {
        String line = line(mark.getLine());
        int column = Math.min(mark.getColumn(), line.codePointCount(0, line.length()));
        return line.substring(line.offsetByCodePoints(0, column));
    }

    private String line(int number) {
        return text.lines().skip(number).findFirst().orElse("");
    }

    private void walk(Node node, String key, int depth) {
        if (depth > DEEPEST) {
            given.refuse(place(node), key, "nested deeper than " + DEEPEST + ".", "no key is nested that deep.");
            return;
        }
        if (isLost(node, key)) {
            return;
        }
        switch (node) {
            case MappingNode mapping -> {
                Set<String> seen = new HashSet<>();
                for (NodeTuple tuple : mapping.getValue()) {
                    if (!(tuple.getKeyNode() instanceof ScalarNode name)) {
                        given.refuse(
                                place(tuple.getKeyNode()), key, "a key that is not a text.", "write `name: value`.");
                        continue;
                    }
                    String path = key.isEmpty() ? name.getValue() : key + "." + name.getValue();
                    if (!seen.add(name.getValue())) {
                        given.refuse(place(name), path, "the key stands here twice.", "keep one of them.");
                    }
                    walk(tuple.getValueNode(), path, depth + 1);
                }
            }
            case SequenceNode sequence -> {
                for (int i = 0; i < sequence.getValue().size(); i++) {
                    walk(sequence.getValue().get(i), key + "[" + i + "]", depth + 1);
                }
            }
            case ScalarNode scalar -> {
                boolean empty = scalar.getTag().equals(Tag.NULL);
                boolean section = KnownKeys.TYPES.keySet().stream().anyMatch(k -> k.startsWith(key + "."));
                if (!(empty && section)) {
                    // a secret is what stands there, be it `null` or `~`
                    given.put(key, empty && !Mask.isSecret(key) ? "" : scalar.getValue(), place(scalar));
                }
            }
            default -> given.refuse(place(node), key, "cannot be read.", "write the value out.");
        }
    }

    private String place(Node node) {
        return file + ":" + (node.getStartMark().getLine() + 1);
    }
}
