package dev.sluice.job;

import dev.sluice.sql.SqlName;
import dev.sluice.sql.SqlText;
import java.util.Optional;
import java.util.Set;

/** What can be said against SQL in a job file without asking a server. */
final class SqlChecks {
    private static final Set<String> STATEMENTS = Set.of("INSERT", "UPDATE", "DELETE", "MERGE");
    private static final String BAD_SQL = "bad-sql";
    private static final String BAD_PLACEHOLDER = "bad-placeholder";

    private final Mistakes mistakes;

    SqlChecks(Mistakes mistakes) {
        this.mistakes = mistakes;
    }

    /** An expression or a condition: notes what is wrong with it. */
    void expression(String key, String sql) {
        SqlText text = SqlText.of(sql);
        if (lexical(key, sql, text)) {
            withoutPlaceholder(key, text, "Take it away; Sluice adds the key range by itself here.");
        }
    }

    /** A query that gives a number: notes what is wrong with it. */
    void query(String key, String sql) {
        SqlText text = SqlText.of(sql);
        if (!lexical(key, sql, text) || !withoutPlaceholder(key, text, "Take it away; a query has no key range.")) {
            return;
        }
        if (!text.verb().equals(Optional.of("SELECT"))) {
            String fix =
                    "Write one SELECT that gives one row with one number, such as `SELECT count(*) FROM app.queue`.";
            mistakes.add(key, BAD_SQL, begins(text) + ", and a signal only reads.", fix);
        } else if (text.modifyingWith()) {
            mistakes.add(
                    key, BAD_SQL, "its WITH writes, and a signal only reads.", "Take what writes out of the query.");
        }
    }

    private boolean withoutPlaceholder(String key, SqlText text, String fix) {
        if (!text.batchAliases().isEmpty()) {
            mistakes.add(key, BAD_PLACEHOLDER, "{batch:…} belongs in `migrate.sql` alone.", fix);
            return false;
        }
        return true;
    }

    private static String begins(SqlText text) {
        return text.firstKeyword().map(w -> "it begins with " + w).orElse("it does not begin with a word");
    }

    /** The statement of {@code sql}; empty when it cannot be used. */
    Optional<Shape.Sql> statement(String key, String sql) {
        SqlText text = SqlText.of(sql);
        if (!lexical(key, sql, text)) {
            return Optional.empty();
        }
        String verb = text.verb().orElse("");
        if (!STATEMENTS.contains(verb)) {
            String begins = begins(text);
            mistakes.add(
                    key,
                    BAD_SQL,
                    begins + (verb.equals("SELECT") && begins.endsWith("WITH") ? " and only reads." : "."),
                    "Write one INSERT, UPDATE, DELETE or MERGE; it may begin with a WITH that only reads.");
        }
        if (text.returning()) {
            mistakes.add(
                    key,
                    BAD_SQL,
                    "a RETURNING of its own cannot be counted.",
                    "Take the RETURNING away; Sluice counts the changed rows by itself.");
        }
        if (text.modifyingWith()) {
            mistakes.add(
                    key, BAD_SQL, "a WITH that writes cannot be counted.", "Make it two jobs with one statement each.");
        }
        return mistakes.within(key) ? Optional.empty() : alias(key, sql, text).map(a -> new Shape.Sql(sql, a));
    }

    private Optional<String> alias(String key, String sql, SqlText text) {
        var aliases = text.batchAliases();
        if (aliases.size() != 1) {
            boolean hidden = aliases.isEmpty() && sql.contains("{batch:");
            String reason = hidden
                    ? "its {batch:…} stands in a string or a comment."
                    : "{batch:…} stands there " + aliases.size() + " times, not once.";
            mistakes.add(
                    key,
                    BAD_PLACEHOLDER,
                    reason,
                    "Put {batch:alias} once where the key range goes, such as `UPDATE app.users u SET … WHERE"
                            + " {batch:u}`.");
            return Optional.empty();
        }
        try {
            String alias = SqlName.one(aliases.get(0));
            if (text.identifiers().contains(alias)) {
                return Optional.of(alias);
            }
            mistakes.add(
                    key,
                    BAD_PLACEHOLDER,
                    "nothing in the statement is called " + SqlName.spell(alias) + ".",
                    "Name the alias that the statement gives to the table, such as `UPDATE app.users u … {batch:u}`.");
        } catch (SqlName.NotAName e) {
            mistakes.add(
                    key,
                    BAD_PLACEHOLDER,
                    "its alias is wrong: " + e.getMessage() + ".",
                    "Write {batch:alias} with the alias that the statement gives to the table.");
        }
        return Optional.empty();
    }

    private static String fix(String mistake) {
        if (mistake.contains("--")) {
            return "Write the comment as /* … */, or as a YAML comment.";
        }
        if (mistake.contains("E'…'")) {
            return "Write the string as one piece, or join its pieces by ||.";
        }
        return mistake.startsWith("the number")
                ? "Put a space or an operator behind it."
                : "Balance brackets and quotes; a ' within a string is written ''.";
    }

    private boolean lexical(String key, String sql, SqlText text) {
        if (text.isEmpty()) {
            mistakes.add(key, "empty", "there is no SQL in it.", "Write the SQL, or take the key away.");
        } else if (text.balanced().isPresent()) {
            String mistake = text.balanced().get();
            mistakes.add(key, BAD_SQL, mistake + ".", fix(mistake));
        } else if (text.hasSymbol(';')) {
            mistakes.add(
                    key,
                    BAD_SQL,
                    "a ; ends the statement.",
                    "Take the ; away: it is one expression or one statement, and Sluice writes around it.");
        } else if (text.hasParameter()) {
            mistakes.add(
                    key,
                    BAD_SQL,
                    "$1 and the like are parameters, and there are none here.",
                    "Write the value itself.");
        } else if (text.hasSymbol('{') || text.hasSymbol('}')) {
            mistakes.add(
                    key,
                    sql.contains("{batch") ? BAD_PLACEHOLDER : BAD_SQL,
                    "{ and } mean nothing in SQL.",
                    "The one placeholder is {batch:alias}, and only in `sql`.");
        } else if (sql.indexOf('\0') >= 0) {
            mistakes.add(key, BAD_SQL, "it holds a zero character.", "Take it away.");
        } else {
            return true;
        }
        return false;
    }
}
