package dev.sluice.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
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
    private final Path file;
    private final GivenValues given;

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
            @Nullable
            Node root = new Yaml(new SafeConstructor(new LoaderOptions()))
                    .compose(new StringReader(Files.readString(file)));
            if (root instanceof MappingNode mapping) {
                walk(mapping, "", 0);
            } else if (root != null) {
                given.refuse(
                        place(root), "", "the file is not a list of keys.", "begin with a key such as `databases:`.");
            }
        } catch (NoSuchFileException e) {
            given.refuse(
                    file.toString(), "", "there is no such file.", "mend --config or SLUICE_CONFIG, or leave it out.");
        } catch (MalformedInputException e) {
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
            given.refuse(
                    place, "", "not YAML: " + e.getProblem() + ".", "mend the line; quote texts with special signs.");
        } catch (YAMLException e) {
            given.refuse(file.toString(), "", "not YAML: " + firstLine(e) + ".", "write one plain YAML document.");
        }
    }

    private void walk(Node node, String key, int depth) {
        if (depth > DEEPEST) {
            given.refuse(place(node), key, "nested deeper than " + DEEPEST + ".", "no key is nested that deep.");
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
                    given.put(key, empty ? "" : scalar.getValue(), place(scalar));
                }
            }
            default -> given.refuse(place(node), key, "cannot be read.", "write the value out.");
        }
    }

    private String place(Node node) {
        return file + ":" + (node.getStartMark().getLine() + 1);
    }

    private static String firstLine(YAMLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
}
