package dev.sluice.plan;

import dev.sluice.database.SqlFailure;
import dev.sluice.sql.SqlText;
import org.jspecify.annotations.Nullable;

/**
 * A piece of SQL of the job file within a statement that asks the server about it.
 *
 * @param key where it stands in the job file
 * @param before the statement's text before it
 * @param sql as the file has it
 * @param after the statement's text after it
 */
record Expression(String key, String before, String sql, String after) {

    /** The statement, for the JDBC driver. */
    String statement() {
        return before + SqlText.of(sql).forJdbc() + after;
    }

    /**
     * What the server said, with the line of the expression that it points at, and a caret under the place:
     *
     * <pre>
     * column "frist_name" does not exist
     *   frist_name || ' ' || last_name
     *   ^
     * </pre>
     */
    String explain(SqlFailure failure) {
        String hint = failure.hint() == null ? "" : " (" + failure.hint() + ")";
        String caret = caret(sql, failure.position() == null ? null : failure.position() - before.length());
        return failure.message() + hint + caret;
    }

    /** {@code position} counts characters of {@code sql} from 1; outside of it, or null, there is nothing to show. */
    static String caret(String sql, @Nullable Integer position) {
        if (position == null || position < 1 || position > sql.codePointCount(0, sql.length())) {
            return "";
        }
        int at = sql.offsetByCodePoints(0, position - 1);
        int start = sql.lastIndexOf('\n', at - 1) + 1;
        int end = sql.indexOf('\n', at);
        String line = sql.substring(start, end < 0 ? sql.length() : end).replace('\t', ' ');
        return "\n  " + line + "\n  " + " ".repeat(line.codePointCount(0, at - start)) + "^";
    }
}
