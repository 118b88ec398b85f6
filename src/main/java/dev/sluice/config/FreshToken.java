package dev.sluice.config;

import java.security.SecureRandom;
import java.util.Base64;

/**
 * A bearer token just made. It exists only here: print it once, keep the hash.
 *
 * @param token {@code slc_} and 43 characters of base64url, 256 random bits
 */
public record FreshToken(String token) {

    /** Makes one. */
    public static FreshToken make(SecureRandom random) {
        byte[] bits = new byte[32];
        random.nextBytes(bits);
        return new FreshToken("slc_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits));
    }

    /** What the configuration keeps. */
    public TokenHash hash() {
        return TokenHash.of(token);
    }

    /** Hides the token. */
    @Override
    public String toString() {
        return "FreshToken[(hidden)]";
    }
}
