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
    /** So many are told; more help nobody. */
    private static final int MOST_TOLD = 20;
    /** So many are kept, of which the first by line are told. */
    private static final int MOST_KEPT = 200;
    /** Characters of a reason: it may quote a long value. */
    private static final int LONGEST = 500;

    private final String file;
    private int more;
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
        if (found.size() < MOST_KEPT) {
            found.add(new Mistake(
                    file,
                    line,
                    key,
                    code,
                    reason.length() > LONGEST ? reason.substring(0, LONGEST) + "..." : reason,
                    fix));
        } else {
            more++;
        }
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

    /** By line: the first {@value #MOST_TOLD}, and how many more there are. */
    List<Mistake> sorted() {
        List<Mistake> all = found.stream()
                .distinct()
                .sorted(Comparator.comparingInt(m -> m.line() == null ? 0 : m.line()))
                .toList();
        if (all.size() <= MOST_TOLD) {
            return all;
        }
        List<Mistake> told = new ArrayList<>(all.subList(0, MOST_TOLD));
        told.add(new Mistake(
                file,
                null,
                "",
                "more-mistakes",
                (all.size() - MOST_TOLD + more) + " more mistakes are in the file.",
                "Correct those above, and check the file again."));
        return told;
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
