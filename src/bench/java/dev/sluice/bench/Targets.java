package dev.sluice.bench;

import java.util.List;
import java.util.Properties;

/**
 * The benchmark's options, given as system properties; an empty one is not given.
 *
 * @param properties where they are
 */
record Targets(Properties properties) {
    /**
     * A whole number.
     *
     * @throws IllegalArgumentException for anything else, naming the option and what it may be
     */
    int number(String name, int otherwise, int least, int most) {
        String text = text(name);
        if (text.isEmpty()) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw bad(name, text, "a whole number from " + least + " to " + most);
        }
        throw bad(name, text, "a whole number from " + least + " to " + most);
    }

    /**
     * One of these; the first where none is given.
     *
     * @throws IllegalArgumentException for anything else, naming the option and what it may be
     */
    String choice(String name, List<String> choices) {
        String text = text(name);
        if (text.isEmpty()) {
            return choices.getFirst();
        }
        if (!choices.contains(text)) {
            throw bad(name, text, "one of " + String.join(", ", choices));
        }
        return text;
    }

    /** As it stands; empty where it is not given. */
    String text(String name) {
        return properties.getProperty(name, "").strip();
    }

    private static IllegalArgumentException bad(String name, String is, String mustBe) {
        return new IllegalArgumentException("-D" + name + "=" + is + ": it must be " + mustBe);
    }
}
