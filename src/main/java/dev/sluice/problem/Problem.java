package dev.sluice.problem;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A refusal that a person can act on. The message carries the fact, the numbers and the remedy, and never a secret or a
 * row's value.
 */
public final class Problem extends RuntimeException {

    /** What sort of refusal it is; the HTTP door maps each to one status. */
    public enum Kind {
        /** The request itself is wrong (400). */
        INVALID,
        /** No or unknown credentials (401). */
        UNAUTHENTICATED,
        /** Known, but the role may not (403). */
        FORBIDDEN,
        /** No such job or run (404). */
        NOT_FOUND,
        /** The present state does not allow it (409). */
        CONFLICT,
        /** Well formed, but the job cannot do it: a definition that the database refuses (422). */
        UNPROCESSABLE,
        /** A database cannot be reached or cannot store the change; nothing was changed, try again (503). */
        UNAVAILABLE
    }

    private final Kind kind;
    private final String code;
    private final transient Map<String, Object> details;

    /**
     * @param kind what sort of refusal
     * @param code stable, machine-readable, kebab-case, such as {@code live-run-exists}
     * @param message the fact, the numbers, the remedy
     * @param details further facts for machines; values that Jackson can write
     */
    public Problem(Kind kind, String code, String message, Map<String, Object> details) {
        this(kind, code, message, details, null);
    }

    private Problem(Kind kind, String code, String message, Map<String, Object> details, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.code = code;
        this.details = Map.copyOf(details);
    }

    /** As {@link #Problem(Kind, String, String, Map)}, without further facts. */
    public Problem(Kind kind, String code, String message) {
        this(kind, code, message, Map.of());
    }

    /** The same refusal, with the error that is behind it. */
    public Problem because(Throwable cause) {
        return new Problem(kind, code, getMessage(), details, cause);
    }

    public Kind kind() {
        return kind;
    }

    public String code() {
        return code;
    }

    public Map<String, Object> details() {
        return details;
    }

    /** The message; never null. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
