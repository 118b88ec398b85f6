package dev.sluice.problem;

import java.util.HexFormat;

/**
 * Text from outside (a file's name, a key, a value, what a server answered) made fit for a terminal or a log: whoever
 * wrote it cannot end the line, forge another one, or steer the terminal.
 */
public final class Printable {
    private static final String LINE_BREAK = "\n";

    private Printable() {}

    /**
     * Fit for one line.
     *
     * @param text anything
     * @return the same, with control characters, line breaks, characters that turn the direction of writing, and halves
     *     of characters written as <code>&#92;n</code>, <code>&#92;t</code> or <code>&#92;u001b</code>
     */
    public static String line(String text) {
        if (text.chars().noneMatch(c -> isSpecial((char) c))) {
            return text;
        }
        var printed = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                printed.append(c).append(text.charAt(i + 1));
                i++;
            } else if (isSpecial(c)) {
                printed.append(written(c));
            } else {
                printed.append(c);
            }
        }
        return printed.toString();
    }

    /**
     * Fit for several lines, each after the first one indented, so that none passes for a line of its own.
     *
     * @param text anything
     * @return the same with its line breaks, each line as {@link #line} has it
     */
    public static String lines(String text) {
        if (!text.contains(LINE_BREAK)) {
            return line(text);
        }
        return String.join("\n    ", text.lines().map(Printable::line).toList());
    }

    /**
     * Fit for a terminal, where it may have lines of its own.
     *
     * @param text anything
     * @return the same with its line breaks, each line as {@link #line} has it, and blanks for tabs
     */
    public static String text(String text) {
        String blank = text.replace("\t", "    ");
        return blank.contains(LINE_BREAK)
                ? String.join(LINE_BREAK, blank.lines().map(Printable::line).toList())
                : line(blank);
    }

    private static String written(char c) {
        return switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> "\\u" + HexFormat.of().toHexDigits(c);
        };
    }

    private static boolean isSpecial(char c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
