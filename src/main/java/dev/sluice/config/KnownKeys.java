package dev.sluice.config;

import dev.sluice.time.DurationText;
import io.smallrye.config.ConfigMappingInterface.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@link SettingsMapping}, as patterns such as {@code databases.*.url} and {@code http.tokens[*].name}, and
 * their names as environment variables: upper case, {@code _} for dot and dash, {@code SLUICE_} before.
 */
final class KnownKeys {
    static final String PREFIX = "sluice.";
    static final String VARIABLE_PREFIX = "SLUICE_";
    /** Pattern of a key to the type of its value. */
    static final Map<String, Class<?>> TYPES = types();

    private KnownKeys() {}

    private static Map<String, Class<?>> types() {
        var types = new TreeMap<String, Class<?>>();
        ConfigMappings.getProperties(ConfigClass.configClass(SettingsMapping.class))
                .forEach((key, property) -> types.put(key.substring(PREFIX.length()), type(property)));
        return types;
    }

    private static Class<?> type(Property property) {
        return property.isPrimitive()
                ? property.asPrimitive().getPrimitiveType()
                : property.asLeaf().getValueRawType();
    }

    /** The pattern a key of the file falls under. */
    static Optional<String> patternOf(String key) {
        return TYPES.keySet().stream()
                .filter(p -> Pattern.matches(
                        p.replace(".", "\\.").replace("[*]", "\\[\\d+\\]").replace("*", "[a-z0-9-]{1,63}"), key))
                .findFirst();
    }

    /** The key a variable sets: {@code SLUICE_DATABASES_MAIN_URL} sets {@code databases.main.url}. */
    static Optional<String> ofVariable(String variable) {
        String name = variable.substring(VARIABLE_PREFIX.length());
        // the longest pattern first: X_IDLE_IN_TRANSACTION_TIMEOUT is not the transaction-timeout of "x-idle-in"
        return TYPES.keySet().stream()
                .sorted(Comparator.comparing(String::length).reversed())
                .map(p -> key(p, name))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<String> key(String pattern, String name) {
        String upper = variableOf(pattern).substring(VARIABLE_PREFIX.length());
        Matcher m = Pattern.compile(upper.replace("<N>", "(\\d{1,3})").replace("<NAME>", "([A-Z0-9_]{1,63})"))
                .matcher(name);
        if (!m.matches()) {
            return Optional.empty();
        }
        if (m.groupCount() == 0) {
            return Optional.of(pattern);
        }
        String part = m.group(1).toLowerCase(Locale.ROOT).replace('_', '-');
        return Optional.of(pattern.replace("*", part));
    }

    /** The variable of a key or pattern; of a pattern with {@code <NAME>} or {@code <N>} where the choice is. */
    static String variableOf(String key) {
        return VARIABLE_PREFIX
                + key.replace("[*]", "_<N>")
                        .replace("*", "<NAME>")
                        .replace("]", "")
                        .replaceAll("[.\\[-]", "_")
                        .toUpperCase(Locale.ROOT);
    }

    /** What a value of this key looks like. */
    static String expectation(String key) {
        @Nullable Class<?> type = patternOf(key).map(TYPES::get).orElse(null);
        if (type == int.class || type == Integer.class) {
            return "a whole number";
        } else if (type == double.class || type == Double.class) {
            return "a number, such as 0.7";
        } else if (type == boolean.class) {
            return "true or false";
        } else if (type == Duration.class) {
            return DurationText.FORM;
        } else if (type == SettingsMapping.Size.class) {
            return SizeText.FORM;
        } else if (type == Role.class) {
            return Role.choices();
        } else if (type == TokenHash.class) {
            return "sha256: and 64 hex digits, as `sluice token` prints it";
        } else if (type == Path.class) {
            return "the path of a folder";
        }
        return "a text";
    }

    /** Something valid for a key that has no default, so that the others can be looked at without it; or empty. */
    static Optional<String> placeholder(String key) {
        String unique = "x" + key.replaceAll("\\D", "");
        return switch (key.substring(key.lastIndexOf('.') + 1)) {
            case "url" -> Optional.of("jdbc:postgresql:x");
            case "user" -> Optional.of("x");
            case "name" -> key.startsWith("http.tokens") ? Optional.of(unique) : Optional.empty();
            case "role" -> Optional.of(Role.VIEWER.code());
            case "hash" -> Optional.of("sha256:" + "0".repeat(64));
            default -> Optional.empty();
        };
    }

    /** The known key most like an unknown one, with its wildcards filled in from there. */
    static String nearestKey(String unknown) {
        String wild = unknown.replaceAll("\\[\\d+]", "[*]").replaceAll("^databases\\.[^.]+\\.", "databases.*.");
        String near = nearest(wild, TYPES.keySet());
        Matcher database = Pattern.compile("^databases\\.([^.]+)\\.").matcher(unknown);
        return database.find() ? near.replace("*", database.group(1)) : near;
    }

    /** The known variable most like an unknown one. */
    static String nearestVariable(String unknown) {
        Matcher database = Pattern.compile("^SLUICE_DATABASES_([A-Z0-9]+)_").matcher(unknown);
        String name = database.find() ? database.group(1) : "MAIN";
        return nearest(
                unknown,
                TYPES.keySet().stream()
                        .map(p -> variableOf(p).replace("<NAME>", name).replace("<N>", "0"))
                        .toList());
    }

    /** The choice most like a word. */
    static String nearest(String word, Iterable<String> choices) {
        String best = "";
        int least = Integer.MAX_VALUE;
        for (String choice : choices) {
            int d = distance(word, choice);
            if (d < least) {
                least = d;
                best = choice;
            }
        }
        return best;
    }

    /** How many letters must be inserted, removed or replaced to make one of the other. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
