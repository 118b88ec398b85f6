package dev.sluice.config;

import java.util.regex.Pattern;

/** Keeps secrets, and what is too long, out of messages. */
final class Mask {
    /** Stands for a secret. */
    static final String HIDDEN = "(hidden)";

    private static final int LONGEST = 60;
    private static final Pattern SECRET_KEY = Pattern.compile("(?i)password|hash");

    private Mask() {}

    /** Whether the value of this key is secret, or nobody's business. */
    static boolean isSecret(String key) {
        return key.endsWith(".password") || key.endsWith(".hash");
    }

    /** Whether a line of a file has to do with a secret. */
    static boolean mentionsSecret(String line) {
        return SECRET_KEY.matcher(line).find();
    }

    /** A key that nobody knows, without a value that slipped into it, as in {@code password:hunter2}. */
    static String key(String key) {
        return brief(key.replaceAll("(?is)(password|hash)[:=].*", "$1:" + HIDDEN));
    }

    /** The beginning of a text that may be long. */
    static String brief(String text) {
        return text.length() > LONGEST ? text.substring(0, LONGEST - 3) + "..." : text;
    }
}
