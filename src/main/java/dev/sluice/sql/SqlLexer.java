package dev.sluice.sql;

import dev.sluice.sql.SqlToken.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts SQL text into tokens by the rules of PostgreSQL's scanner ({@code scan.l}), with
 * {@code standard_conforming_strings} on. Where versions of the server differ, or the JDBC driver reads a text
 * otherwise than the server, the text is a mistake.
 */
final class SqlLexer {
    /** {@code 0x} and the like, and {@code _} within numbers, from PostgreSQL 16 on. */
    private static final Pattern NUMBER = Pattern.compile("0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+"
            + "|[0-9](?:_?[0-9])*(?:\\.(?!\\.)(?:[0-9](?:_?[0-9])*)?)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?");

    private final String sql;
    private final List<SqlToken> tokens = new ArrayList<>();
    private final Deque<Character> open = new ArrayDeque<>();
    private int at;
    private @Nullable String mistake;

    SqlLexer(String sql) {
        this.sql = sql;
        while (at < sql.length()) {
            next();
        }
        if (!open.isEmpty()) {
            blame("a " + open.peek() + " is never closed");
        }
    }

    List<SqlToken> tokens() {
        return tokens;
    }

    /** What is not closed or opened, the first one found; null when all is. */
    @Nullable
    String mistake() {
        return mistake;
    }

    private void next() {
        char c = sql.charAt(at);
        if (isSpace(c)) {
            int end = at;
            while (end < sql.length() && isSpace(sql.charAt(end))) {
                end++;
            }
            token(Kind.SPACE, end);
        } else if (sql.startsWith("--", at)) {
            lineComment();
        } else if (sql.startsWith("/*", at)) {
            blockComment();
        } else if (c == '\'') {
            string(at + 1, false, true);
        } else if ((c == 'e' || c == 'E') && peek(1) == '\'') {
            string(at + 2, true, true);
        } else if ("nN".indexOf(c) >= 0 && peek(1) == '\'') {
            string(at + 2, false, true);
        } else if ("bBxX".indexOf(c) >= 0 && peek(1) == '\'') {
            string(at + 2, false, false);
        } else if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '\'') {
            string(at + 3, false, true);
        } else if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '"') {
            quoted(at + 3);
        } else if (c == '"') {
            quoted(at + 1);
        } else if (c == '$') {
            dollar();
        } else if (startsWord(c)) {
            token(Kind.WORD, afterWord(at));
        } else if (c >= '0' && c <= '9') {
            number();
        } else if (sql.startsWith("{batch:", at) && sql.indexOf('}', at) > 0) {
            token(Kind.BATCH, sql.indexOf('}', at) + 1);
        } else {
            symbol(c);
        }
    }

    /** What runs into it, such as {@code 1a$$} or {@code 0xFE'…'}, is cut otherwise by each version of the server. */
    private void number() {
        Matcher number = NUMBER.matcher(sql).region(at, sql.length());
        int end = number.lookingAt() ? number.end() : at + 1;
        if (end < sql.length() && (startsWord(sql.charAt(end)) || "$'\"".indexOf(sql.charAt(end)) >= 0)) {
            blame("the number " + sql.substring(at, end) + " runs into what follows it");
        }
        token(Kind.NUMBER, end);
    }

    private void symbol(char c) {
        switch (c) {
            case '(', '[' -> {
                token(Kind.SYMBOL, at + 1);
                open.push(c);
            }
            case ')', ']' -> {
                char opening = c == ')' ? '(' : '[';
                Character last = open.peek();
                if (last == null) {
                    blame("a " + c + " closes nothing");
                } else if (last != opening) {
                    blame("a " + c + " closes a " + last);
                    open.pop();
                } else {
                    open.pop();
                }
                token(Kind.SYMBOL, at + 1);
            }
            default -> token(Kind.SYMBOL, at + Character.charCount(sql.codePointAt(at)));
        }
    }

    private void lineComment() {
        int end = endOfLine(at);
        if (end == sql.length()) {
            blame("it ends in a -- comment, which would swallow what Sluice writes after it");
        }
        token(Kind.COMMENT, end);
    }

    private void blockComment() {
        int depth = 0;
        int end = at;
        do {
            if (sql.startsWith("/*", end)) {
                depth++;
                end += 2;
            } else if (sql.startsWith("*/", end)) {
                depth--;
                end += 2;
            } else {
                end++;
            }
        } while (depth > 0 && end < sql.length());
        if (depth > 0) {
            blame("a /* comment is never closed");
        }
        token(Kind.COMMENT, Math.min(end, sql.length()));
    }

    private void string(int from, boolean escapes, boolean doubles) {
        int end = from;
        boolean further = false;
        while (end < sql.length()) {
            char c = sql.charAt(end);
            if (escapes && c == '\\') {
                if (further) {
                    blame("a string E'…' goes on in another line with a \\ there, which the JDBC driver reads otherwise"
                            + " than the server");
                }
                end += 2;
            } else if (c != '\'') {
                end++;
            } else if (doubles && end + 1 < sql.length() && sql.charAt(end + 1) == '\'') {
                end += 2;
            } else {
                int continued = continuation(end + 1);
                if (continued < 0) {
                    token(Kind.STRING, end + 1);
                    return;
                }
                end = continued;
                further = true;
            }
        }
        blame("a ' is never closed");
        token(Kind.STRING, sql.length());
    }

    /**
     * A string goes on where the next quote follows after white space and {@code --} comments with a line break outside
     * of them, whatever its prefix; -1 where it does not. A {@code /*} comment ends it.
     */
    private int continuation(int from) {
        int i = from;
        while (i < sql.length() && (isSpace(sql.charAt(i)) && !isLineBreak(sql.charAt(i)) || sql.startsWith("--", i))) {
            i = sql.charAt(i) == '-' ? endOfLine(i) : i + 1;
        }
        if (i == sql.length() || !isLineBreak(sql.charAt(i))) {
            return -1;
        }
        while (i < sql.length() && (isSpace(sql.charAt(i)) || sql.startsWith("--", i))) {
            i = sql.charAt(i) == '-' ? endOfLine(i) : i + 1;
        }
        return i < sql.length() && sql.charAt(i) == '\'' ? i + 1 : -1;
    }

    private int endOfLine(int from) {
        int end = from;
        while (end < sql.length() && !isLineBreak(sql.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean isLineBreak(char c) {
        return c == '\n' || c == '\r';
    }

    private void quoted(int from) {
        int end = from;
        while (end < sql.length()) {
            if (sql.charAt(end) != '"') {
                end++;
            } else if (end + 1 < sql.length() && sql.charAt(end + 1) == '"') {
                end += 2;
            } else {
                token(Kind.QUOTED, end + 1);
                return;
            }
        }
        blame("a \" is never closed");
        token(Kind.QUOTED, sql.length());
    }

    private void dollar() {
        int end = at + 1;
        if (isDigit(peek(1))) {
            while (end < sql.length() && isDigit(sql.charAt(end))) {
                end++;
            }
            token(Kind.PARAMETER, end);
            return;
        }
        if (end < sql.length() && startsWord(sql.charAt(end))) {
            while (end < sql.length() && (startsWord(sql.charAt(end)) || isDigit(sql.charAt(end)))) {
                end++;
            }
        }
        if (end >= sql.length() || sql.charAt(end) != '$') {
            symbol('$');
            return;
        }
        String tag = sql.substring(at, end + 1);
        int close = sql.indexOf(tag, end + 1);
        if (close < 0) {
            blame("a " + tag + " is never closed");
            token(Kind.STRING, sql.length());
        } else {
            token(Kind.STRING, close + tag.length());
        }
    }

    private void token(Kind kind, int end) {
        tokens.add(new SqlToken(kind, sql.substring(at, end), open.size()));
        at = end;
    }

    private void blame(String what) {
        if (mistake == null) {
            mistake = what;
        }
    }

    private char peek(int ahead) {
        return at + ahead < sql.length() ? sql.charAt(at + ahead) : '\0';
    }

    private int afterWord(int from) {
        int end = from;
        while (end < sql.length()
                && (startsWord(sql.charAt(end)) || isDigit(sql.charAt(end)) || sql.charAt(end) == '$')) {
            end++;
        }
        return end;
    }

    /** As PostgreSQL has it: wider spaces, such as the no-break one, are letters to it. */
    private static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    static boolean startsWord(char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= '\u0080';
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
