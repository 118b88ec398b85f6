package dev.sluice.sql;

import dev.sluice.sql.SqlToken.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Cuts SQL text into tokens by PostgreSQL's lexical rules, with {@code standard_conforming_strings} on. */
final class SqlLexer {
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
            string(at + 1, false);
        } else if ((c == 'e' || c == 'E') && peek(1) == '\'') {
            string(at + 2, true);
        } else if ("bBnNxX".indexOf(c) >= 0 && peek(1) == '\'') {
            string(at + 2, false);
        } else if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '\'') {
            string(at + 3, false);
        } else if ((c == 'u' || c == 'U') && peek(1) == '&' && peek(2) == '"') {
            quoted(at + 3);
        } else if (c == '"') {
            quoted(at + 1);
        } else if (c == '$') {
            dollar();
        } else if (startsWord(c)) {
            token(Kind.WORD, afterWord(at));
        } else if (c >= '0' && c <= '9') {
            int end = at;
            while (end < sql.length()
                    && (startsWord(sql.charAt(end)) || isDigit(sql.charAt(end)) || sql.charAt(end) == '.')) {
                end++;
            }
            token(Kind.NUMBER, end);
        } else if (sql.startsWith("{batch:", at) && sql.indexOf('}', at) > 0) {
            token(Kind.BATCH, sql.indexOf('}', at) + 1);
        } else {
            symbol(c);
        }
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
        int end = at;
        while (end < sql.length() && sql.charAt(end) != '\n' && sql.charAt(end) != '\r') {
            end++;
        }
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

    private void string(int from, boolean escapes) {
        int end = from;
        while (end < sql.length()) {
            char c = sql.charAt(end);
            if (escapes && c == '\\') {
                end += 2;
            } else if (c != '\'') {
                end++;
            } else if (end + 1 < sql.length() && sql.charAt(end + 1) == '\'') {
                end += 2;
            } else {
                int continued = continuation(end + 1);
                if (continued < 0) {
                    token(Kind.STRING, end + 1);
                    return;
                }
                end = continued;
            }
        }
        blame("a ' is never closed");
        token(Kind.STRING, sql.length());
    }

    /** A string goes on where the next quote follows after white space with a line break; -1 where it does not. */
    private int continuation(int from) {
        boolean lineBreak = false;
        for (int i = from; i < sql.length(); i++) {
            char c = sql.charAt(i);
            lineBreak |= c == '\n' || c == '\r';
            if (c == '\'') {
                return lineBreak ? i + 1 : -1;
            }
            if (!isSpace(c)) {
                return -1;
            }
        }
        return -1;
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
