package dev.sluice.job;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Guesses what a misspelt key was meant to be. */
final class Spelling {
    private Spelling() {}

    /**
     * The candidate with the fewest letters changed, if that is at most a third of them: two in a short word, one in a
     * very short one.
     */
    static Optional<String> nearest(String word, Collection<String> candidates) {
        int limit = word.length() <= 3 ? 1 : Math.max(2, word.length() / 3);
        return candidates.stream()
                .filter(c -> distance(word, c) <= Math.min(limit, Math.max(word.length(), c.length()) - 1))
                .min(Comparator.comparingInt((String c) -> distance(word, c)).thenComparing(Comparator.naturalOrder()));
    }

    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = diagonal + (letter(a, i - 1) == letter(b, j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }

    private static char letter(String word, int at) {
        char c = Character.toLowerCase(word.charAt(at));
        return c == '_' ? '-' : c;
    }
}
