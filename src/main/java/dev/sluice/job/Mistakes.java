package dev.sluice.job;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gathers the mistakes of one file, and finds the line of each by its key. */
final class Mistakes {
    private final String file;
    private final List<Mistake> found = new ArrayList<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Set<String> meant = new HashSet<>();

    Mistakes(String file) {
        this.file = file;
    }

    /** Where a key stands; the first one counts. */
    void line(String key, int line) {
        lines.putIfAbsent(key, line);
    }

    Map<String, Integer> lines() {
        return lines;
    }

    /** A mistake at a key; the line is the key's, or that of the nearest key around it. */
    void add(String key, String code, String reason, String fix) {
        addAt(lineOf(key), key, code, reason, fix);
    }

    /** A mistake at a line. */
    void addAt(@Nullable Integer line, String key, String code, String reason, String fix) {
        found.add(new Mistake(file, line, key, code, reason, fix));
    }

    /** Notes that a misspelt key was probably meant to be this one, so that nobody is told that it is missing. */
    void meant(String key) {
        meant.add(key);
    }

    /** Whether a misspelt key was probably meant to be this one. */
    boolean isMeant(String key) {
        return meant.contains(key);
    }

    /** Whether something is wrong with the key's value or anything in it. */
    boolean within(String key) {
        return found.stream()
                .anyMatch(m -> m.key().equals(key)
                        || m.key().startsWith(key + ".")
                        || m.key().startsWith(key + "["));
    }

    boolean isEmpty() {
        return found.isEmpty();
    }

    /** By line. */
    List<Mistake> sorted() {
        return found.stream()
                .distinct()
                .sorted(Comparator.comparingInt(m -> m.line() == null ? 0 : m.line()))
                .toList();
    }

    private @Nullable Integer lineOf(String key) {
        String at = key;
        while (true) {
            Integer line = lines.get(at);
            if (line != null || at.isEmpty()) {
                return line;
            }
            int cut = Math.max(at.lastIndexOf('.'), at.lastIndexOf('['));
            at = cut < 0 ? "" : at.substring(0, cut);
        }
    }
}
