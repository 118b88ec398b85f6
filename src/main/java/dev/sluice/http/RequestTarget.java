package dev.sluice.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the path and the query of a request can be read as text: percent-encoding that is one, UTF-8, no control
 * characters (a name with NUL or a line break in it can be no name here, and PostgreSQL takes no NUL), no steps
 * upwards.
 */
final class RequestTarget {
    private RequestTarget() {}

    /**
     * Looks at both.
     *
     * @param path as it was sent, still encoded
     * @param query as it was sent, still encoded; empty where there is none
     * @return what is wrong and what to send instead; empty where nothing is
     */
    static Optional<String> mistake(String path, String query) {
        return unreadable("path", path).or(() -> dots(path)).or(() -> unreadable("query", query));
    }

    private static Optional<String> unreadable(String part, String encoded) {
        byte[] bytes = decoded(encoded);
        if (bytes == null) {
            return Optional.of("The " + part + " has a % that two hexadecimal digits do not follow. Write %25 for %.");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.chars().anyMatch(Character::isISOControl)
                    ? Optional.of("The " + part + " has a control character. Leave it out.")
                    : Optional.empty();
        } catch (CharacterCodingException e) {
            return Optional.of("The " + part + " is not UTF-8. Encode its UTF-8 bytes, such as %C3%A9.");
        }
    }

    private static Optional<String> dots(String path) {
        for (String segment : path.split("/")) {
            byte[] bytes = decoded(segment);
            String name = bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
            if (name.equals(".") || name.equals("..")) {
                return Optional.of("The path has a step \"" + name + "\". Write it without.");
            }
        }
        return Optional.empty();
    }

    private static byte @Nullable [] decoded(String encoded) {
        var bytes = new ByteArrayOutputStream(encoded.length());
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c != '%') {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
                continue;
            }
            int value = i + 3 <= encoded.length() ? hex(encoded.charAt(i + 1)) * 16 + hex(encoded.charAt(i + 2)) : -1;
            if (value < 0) {
                return null;
            }
            bytes.write(value);
            i += 2;
        }
        return bytes.toByteArray();
    }

    /** Its value, of ASCII digits only; far below zero for anything else. */
    private static int hex(char c) {
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        return digit < 0 ? -1000 : digit;
    }
}
