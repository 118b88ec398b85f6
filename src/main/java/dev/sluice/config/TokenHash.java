package dev.sluice.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What is kept of a bearer token: its SHA-256. A fast hash is enough, because a token is 256 random bits and not a
 * password: there is nothing to guess, so there is nothing to slow down.
 */
public final class TokenHash {
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");
    private final byte[] sha256;

    private TokenHash(byte[] sha256) {
        this.sha256 = sha256;
    }

    /** The hash of a token. */
    public static TokenHash of(String token) {
        try {
            return new TokenHash(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    /**
     * Reads what {@link #code()} wrote.
     *
     * @return empty where the text is not {@code sha256:} and 64 lower-case hex digits
     */
    public static Optional<TokenHash> parse(String code) {
        return FORM.matcher(code).matches()
                ? Optional.of(new TokenHash(HexFormat.of().parseHex(code, "sha256:".length(), code.length())))
                : Optional.empty();
    }

    /** Whether this is the token's hash; takes equally long wherever they differ. */
    public boolean matches(String token) {
        return MessageDigest.isEqual(sha256, of(token).sha256);
    }

    /** As the configuration keeps it: {@code sha256:<64 hex digits>}. */
    public String code() {
        return "sha256:" + HexFormat.of().formatHex(sha256);
    }

    /** Says only that there is one: a hash is no secret, but has no business in a log either. */
    @Override
    public String toString() {
        return "(hash)";
    }
}
