package dev.sluice.database;

/** What an SQL error means for the work in hand, by SQLSTATE alone. */
public enum ErrorKind {
    /** The database cannot be reached, is starting or stopping: hold and come back. */
    AWAY,
    /** It answers but takes no writes, 25006: hold and come back. */
    READ_ONLY,
    /** It has no room left, 53100: hold and come back. */
    FULL,
    /** A lock or statement took too long: retry, smaller. */
    TIMEOUT,
    /** Serialization, deadlock, resources, a lost prepared statement: retry. */
    TRANSIENT,
    /** A row cannot be changed: classes 22, 23, 44, and what PL/pgSQL raises, P0. */
    DATA,
    /**
     * The statement itself is wrong: classes 42, 0A, 28, 3D, 3F, and 21000 and SL001, which no other try would spare.
     */
    DEFINITION,
    /** Anything else: a few retries, then the run fails with it. */
    OTHER;

    /** Whether the work waits for the database without limit. */
    public boolean holds() {
        return this == AWAY || this == READ_ONLY || this == FULL;
    }

    /**
     * Sorts a SQLSTATE. Classes as in PostgreSQL's appendix A, "PostgreSQL Error Codes".
     *
     * @param state five characters
     */
    static ErrorKind of(String state) {
        return switch (state) {
            case "25006" -> READ_ONLY;
            case "53100" -> FULL;
            // statement and lock timeouts, transaction_timeout
            case "55P03", "57014", "25P04" -> TIMEOUT;
            // an idle session or an idle transaction was ended by the server
            case "57P05", "25P03", "57P01", "57P02", "57P03" -> AWAY;
            // a pooler gave the session to others: a prepared statement is gone, or another's is there
            case "40001", "40P01", "40003", "26000", "42P05" -> TRANSIENT;
            // two rows for one key of ON CONFLICT DO UPDATE, or of a subquery that may give one: again and again
            case "21000" -> DEFINITION;
            // sluice.refuse_batch
            case SqlFailure.BEYOND_RANGE -> DEFINITION;
            default -> ofClass(state.substring(0, Math.min(2, state.length())));
        };
    }

    private static ErrorKind ofClass(String cls) {
        return switch (cls) {
            case "08" -> AWAY;
            case "53" -> TRANSIENT;
            case "22", "23", "44", "P0" -> DATA;
            case "42", "0A", "28", "3D", "3F" -> DEFINITION;
            default -> OTHER;
        };
    }
}
