package dev.sluice.database;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** The names of the conditions that SQLSTATEs stand for, PostgreSQL's appendix A, "PostgreSQL Error Codes". */
final class Condition {
    private static final String FILE = "conditions.txt";
    private static final Map<String, String> NAMES = read();

    private Condition() {}

    private static Map<String, String> read() {
        try (InputStream file = Objects.requireNonNull(Condition.class.getResourceAsStream(FILE), FILE);
                var lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(l -> !l.startsWith("#"))
                    .map(l -> l.split(" ", 2))
                    .collect(Collectors.toUnmodifiableMap(l -> l[0], l -> l[1]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its name; of its class where it has none of its own. */
    static String name(String sqlState) {
        String name = NAMES.get(sqlState);
        if (name != null) {
            return name;
        }
        String ofClass = NAMES.get(sqlState.substring(0, Math.min(2, sqlState.length())) + "000");
        return ofClass == null ? "a condition of a name of its own" : ofClass;
    }
}
