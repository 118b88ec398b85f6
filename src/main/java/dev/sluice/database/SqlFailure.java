package dev.sluice.database;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/**
 * An SQL error, sorted.
 *
 * @param kind what it means
 * @param sqlState five characters; {@code 08000} where the driver gave none for a lost connection
 * @param message the server's primary message, without the detail; where {@code mayQuoteRows} it is not for the log or
 *     for everybody's eyes
 * @param position 1-based character in the statement as sent; null if unknown
 * @param hint the server's hint
 * @param constraint name of the constraint that is violated, if the server names one
 * @param detail the server's detail, which quotes rows: for operators alone
 * @param mayQuoteRows whether the message may hold values of rows; see {@link ErrorOrigin}
 * @param function the innermost function it arose in, such as {@code app.touch()}; null where it is the statement's
 *     own, or not known
 */
public record SqlFailure(
        ErrorKind kind,
        String sqlState,
        String message,
        @Nullable Integer position,
        @Nullable String hint,
        @Nullable String constraint,
        @Nullable String detail,
        boolean mayQuoteRows,
        @Nullable String function) {

    /** In the server's context, whatever its language: a name with arguments, of which none stands in quotes before. */
    private static final Pattern FUNCTION =
            Pattern.compile("^[^\"]*?((?:(?:[\\w$]+|\"[^\"]+\")\\.)?(?:[\\w$]+|\"[^\"]+\")\\([^()\"]*\\))");

    private static final Pattern SQL_FUNCTION = Pattern.compile("^SQL function (\"[^\"]+\")");

    /** Raised by Sluice itself within a batch that has changed more than it walked. */
    static final String BEYOND_RANGE = "SL001";

    /** An error that the server did not tell of, or that has neither constraint nor detail. */
    public SqlFailure(
            ErrorKind kind, String sqlState, String message, @Nullable Integer position, @Nullable String hint) {
        this(kind, sqlState, message, position, hint, null, null, kind == ErrorKind.DATA, null);
    }

    /** The same error, by another position: of a statement that was sent within a longer one. */
    public SqlFailure at(int other) {
        return new SqlFailure(kind, sqlState, message, other, hint, constraint, detail, mayQuoteRows, function);
    }

    /** Whether a table that the statement names is not there; it may have been dropped or renamed since. */
    public boolean noSuchRelation() {
        return sqlState.equals("42P01");
    }

    /** Whether a batch had changed more than it walked, so that it was not committed. */
    public boolean beyondRange() {
        return sqlState.equals(BEYOND_RANGE);
    }

    /** Whether several rows were met where one may be: for the key of an insert, or from a subquery. */
    public boolean severalRows() {
        return sqlState.equals("21000");
    }

    /** Whether a lock was not to be had within {@code lock_timeout}. */
    public boolean lockTimeout() {
        return sqlState.equals("55P03");
    }

    /** Whether a table that is not there is behind an error. */
    public static boolean isNoSuchRelation(Throwable thrown) {
        return in(thrown).filter(SqlFailure::noSuchRelation).isPresent();
    }

    /**
     * Finds the SQL error in a chain of causes.
     *
     * @return empty if there is none
     */
    public static Optional<SqlFailure> in(Throwable thrown) {
        SQLException found = null;
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof PSQLException server && server.getServerErrorMessage() != null) {
                return Optional.of(fromServer(server));
            }
            if (t instanceof SQLException sql && (found == null || sql.getSQLState() != null)) {
                found = sql;
            }
        }
        return Optional.ofNullable(found).map(SqlFailure::fromDriver);
    }

    private static SqlFailure fromServer(PSQLException e) {
        var server = e.getServerErrorMessage();
        String state = e.getSQLState() == null ? "XX000" : e.getSQLState();
        String message =
                server == null || server.getMessage() == null ? String.valueOf(e.getMessage()) : server.getMessage();
        Integer position = server == null || server.getPosition() == 0 ? null : server.getPosition();
        return new SqlFailure(
                ErrorKind.of(state),
                state,
                message,
                position,
                server == null ? null : server.getHint(),
                server == null ? null : server.getConstraint(),
                server == null ? null : server.getDetail(),
                server == null || ErrorOrigin.amongRows(server),
                server == null ? null : function(server.getWhere()));
    }

    private static @Nullable String function(@Nullable String where) {
        if (where != null) {
            for (String line : where.split("\n")) {
                for (Pattern pattern : List.of(SQL_FUNCTION, FUNCTION)) {
                    Matcher found = pattern.matcher(line);
                    if (found.find()) {
                        return found.group(1);
                    }
                }
            }
        }
        return null;
    }

    private static SqlFailure fromDriver(SQLException e) {
        String message = String.valueOf(e.getMessage());
        String state = e.getSQLState();
        if (state == null || e instanceof SQLTransientConnectionException) {
            // the pool found no connection in time, or it was closed under the statement
            boolean pool = e instanceof SQLTransientConnectionException || message.contains("closed");
            ErrorKind kind = pool ? ErrorKind.AWAY : state == null ? ErrorKind.OTHER : ErrorKind.of(state);
            return new SqlFailure(kind, state == null ? "08000" : state, message, null, null);
        }
        return new SqlFailure(ErrorKind.of(state), state, message, null, null);
    }

    /**
     * For logs and people: {@code 42703 column "x" does not exist}; {@code 23505 unique_violation, constraint "u"}
     * where the message may hold values of rows.
     */
    @Override
    public String toString() {
        if (mayQuoteRows) {
            return sqlState + " " + Condition.name(sqlState)
                    + (constraint == null ? "" : ", constraint \"" + constraint + "\"");
        }
        return whole();
    }

    /**
     * The server's own words and its hint, without a full stop at the end, for errors of statements that read and write
     * nobody's rows.
     */
    String whole() {
        return sqlState + " " + message.replaceAll("[.\\s]+$", "") + (hint == null ? "" : " (" + hint + ")");
    }
}
