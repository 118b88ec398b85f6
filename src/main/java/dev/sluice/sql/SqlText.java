package dev.sluice.sql;

import dev.sluice.sql.SqlToken.Kind;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * SQL from a job file, read as far as its lexical structure goes: strings, quoted identifiers, comments, brackets. What
 * the words mean is the server's to say.
 */
public final class SqlText {
    private static final Set<String> WRITING = Set.of("INSERT", "UPDATE", "DELETE", "MERGE");
    private final String sql;
    private final List<SqlToken> tokens;
    /** without white space and comments */
    private final List<SqlToken> words;

    private final Optional<String> mistake;

    private SqlText(String sql) {
        this.sql = sql;
        SqlLexer lexer = new SqlLexer(sql);
        this.tokens = List.copyOf(lexer.tokens());
        this.words = tokens.stream()
                .filter(t -> t.kind() != Kind.SPACE && t.kind() != Kind.COMMENT)
                .toList();
        this.mistake = Optional.ofNullable(lexer.mistake());
    }

    /** Reads SQL text; never fails, see {@link #balanced}. */
    public static SqlText of(String sql) {
        return new SqlText(sql);
    }

    /**
     * What is opened and never closed, or the other way round, such as {@code a ' is never closed}; empty when all is
     * well.
     */
    public Optional<String> balanced() {
        return mistake;
    }

    /** Whether nothing but white space and comments is there. */
    public boolean isEmpty() {
        return words.isEmpty();
    }

    /**
     * Every identifier and keyword, in order of appearance: unquoted ones in lower case, quoted ones as they are
     * without their quotes.
     */
    public Set<String> identifiers() {
        Set<String> found = new LinkedHashSet<>();
        for (SqlToken token : words) {
            if (token.kind() == Kind.WORD) {
                found.add(SqlName.fold(token.text()));
            } else if (token.kind() == Kind.QUOTED) {
                String text = token.text();
                int start = text.indexOf('"') + 1;
                int end = text.length() > start && text.endsWith("\"") ? text.length() - 1 : text.length();
                found.add(text.substring(start, end).replace("\"\"", "\""));
            }
        }
        return Collections.unmodifiableSet(found);
    }

    /**
     * The text for the PostgreSQL JDBC driver: every {@code ?} that is an operator's character is doubled, so that the
     * driver does not take it for a parameter. The placeholder stays.
     */
    public String forJdbc() {
        StringBuilder out = new StringBuilder(sql.length() + 8);
        for (SqlToken token : tokens) {
            out.append(token.isSymbol('?') ? "??" : token.text());
        }
        return out.toString();
    }

    /**
     * The text with every <code>{batch:alias}</code> replaced by the condition; what looks like one in a string or a
     * comment stays. To have both, take {@link #forJdbc} first: the condition may hold parameters.
     *
     * @param condition SQL, put there as it is
     */
    public String withBatch(String condition) {
        StringBuilder out = new StringBuilder(sql.length() + condition.length());
        for (SqlToken token : tokens) {
            out.append(token.kind() == Kind.BATCH ? condition : token.text());
        }
        return out.toString();
    }

    /** The aliases of all <code>{batch:alias}</code>, as written, in order. */
    public List<String> batchAliases() {
        return tokens.stream()
                .filter(t -> t.kind() == Kind.BATCH)
                .map(t -> t.text()
                        .substring("{batch:".length(), t.text().length() - 1)
                        .strip())
                .toList();
    }

    /** The first word, in upper case; empty where the text does not begin with a word. */
    public Optional<String> firstKeyword() {
        return words.stream()
                .limit(1)
                .filter(t -> t.kind() == Kind.WORD)
                .map(SqlText::upper)
                .findFirst();
    }

    /**
     * What the statement does: the first word, and for a statement that begins with WITH the first of SELECT, VALUES,
     * TABLE, INSERT, UPDATE, DELETE and MERGE outside of all brackets.
     */
    public Optional<String> verb() {
        Optional<String> first = firstKeyword();
        if (!first.equals(Optional.of("WITH"))) {
            return first;
        }
        return words.stream()
                .filter(t -> t.kind() == Kind.WORD && t.depth() == 0)
                .map(SqlText::upper)
                .filter(w -> WRITING.contains(w) || w.equals("SELECT") || w.equals("VALUES") || w.equals("TABLE"))
                .findFirst();
    }

    /** Whether the statement has a RETURNING of its own, outside of all brackets. */
    public boolean returning() {
        return words.stream().anyMatch(t -> t.depth() == 0 && t.isWord("RETURNING"));
    }

    /** Whether a part of a WITH clause writes, as far as that can be seen: {@code AS (INSERT INTO …)} and the like. */
    public boolean modifyingWith() {
        for (int i = 1; i + 2 < words.size(); i++) {
            SqlToken before = words.get(i - 1);
            SqlToken verb = words.get(i + 1);
            SqlToken after = words.get(i + 2);
            if (words.get(i).isSymbol('(')
                    && (before.isWord("AS") || before.isWord("MATERIALIZED"))
                    && verb.kind() == Kind.WORD
                    && WRITING.contains(upper(verb))
                    && (after.kind() == Kind.WORD || after.kind() == Kind.QUOTED)) {
                return true;
            }
        }
        return false;
    }

    /** Whether this character stands outside of strings, comments and quoted identifiers. */
    public boolean hasSymbol(char symbol) {
        return words.stream().anyMatch(t -> t.isSymbol(symbol));
    }

    /**
     * Whether a string without a prefix that rules it has a {@code \} in it: what it means hangs on
     * {@code standard_conforming_strings}.
     */
    public boolean hasPlainBackslash() {
        return words.stream()
                .filter(t -> t.kind() == Kind.STRING && "'nN".indexOf(t.text().charAt(0)) >= 0)
                .anyMatch(t -> t.text().indexOf('\\') >= 0);
    }

    /** Whether there is a numbered parameter such as {@code $1}. */
    public boolean hasParameter() {
        return words.stream().anyMatch(t -> t.kind() == Kind.PARAMETER);
    }

    /** The text with every run of white space and comments as one space: equal where only the layout differs. */
    public String normalized() {
        StringBuilder out = new StringBuilder(sql.length());
        boolean gap = false;
        for (SqlToken token : tokens) {
            if (token.kind() == Kind.SPACE || token.kind() == Kind.COMMENT) {
                gap = true;
            } else {
                out.append(gap && !out.isEmpty() ? " " : "").append(token.text());
                gap = false;
            }
        }
        return out.toString();
    }

    /** As written. */
    @Override
    public String toString() {
        return sql;
    }

    private static String upper(SqlToken token) {
        return token.text().toUpperCase(Locale.ROOT);
    }
}
