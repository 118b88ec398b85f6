package dev.sluice.sql;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Names as SQL writes them: unquoted ones fold to lower case, quoted ones stay as they are. */
public final class SqlName {
    private static final Pattern PLAIN = Pattern.compile("[a-z_\\u0080-\\uffff][a-z0-9_$\\u0080-\\uffff]*");
    private static final int LONGEST = 63;

    private SqlName() {}

    /** Why a text is no name; the message says it. */
    public static final class NotAName extends Exception {
        private static final long serialVersionUID = 1;

        NotAName(String reason) {
            super(reason);
        }

        /** Never null. */
        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    /** One name. */
    public static String one(String text) throws NotAName {
        List<String> parts = parts(text);
        if (parts.size() != 1) {
            throw new NotAName("\"" + text + "\" has " + parts.size() + " parts, a column's name has one");
        }
        return parts.get(0);
    }

    /** {@code schema.table} or {@code table}, then in schema {@code public}. */
    public static TableName table(String text) throws NotAName {
        List<String> parts = parts(text);
        return switch (parts.size()) {
            case 1 -> new TableName("public", parts.get(0));
            case 2 -> new TableName(parts.get(0), parts.get(1));
            default -> throw new NotAName("\"" + text + "\" has " + parts.size() + " parts, a table's name has two");
        };
    }

    /** Lower case as PostgreSQL folds unquoted names: ASCII letters only. */
    public static String fold(String name) {
        StringBuilder folded = new StringBuilder(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            folded.append(c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c);
        }
        return folded.toString();
    }

    /** As a job file writes it: quoted only where that is needed. */
    public static String spell(String name) {
        return PLAIN.matcher(name).matches() ? name : TableName.quote(name);
    }

    /** As {@link #spell(String)}, both parts. */
    public static String spell(TableName table) {
        return spell(table.schema()) + "." + spell(table.name());
    }

    private static List<String> parts(String text) throws NotAName {
        List<String> parts = new ArrayList<>();
        int at = 0;
        while (true) {
            StringBuilder name = new StringBuilder();
            at = at < text.length() && text.charAt(at) == '"' ? quoted(text, at + 1, name) : plain(text, at, name);
            parts.add(checked(text, name.toString()));
            if (at == text.length()) {
                return parts;
            }
            if (text.charAt(at) != '.') {
                throw new NotAName(
                        "\"" + text + "\" is not a name: '" + text.charAt(at) + "' cannot stand there unquoted");
            }
            at++;
        }
    }

    private static int plain(String text, int from, StringBuilder name) throws NotAName {
        int end = from;
        while (end < text.length()) {
            char c = text.charAt(end);
            boolean inside = end > from && (SqlLexer.isDigit(c) || c == '$');
            if (!inside && !SqlLexer.startsWord(c)) {
                break;
            }
            end++;
        }
        if (end == from) {
            String what = end < text.length()
                    ? "'" + text.charAt(end) + "' cannot stand there unquoted"
                    : "a part of it is empty";
            throw new NotAName("\"" + text + "\" is not a name: " + what);
        }
        name.append(fold(text.substring(from, end)));
        return end;
    }

    private static int quoted(String text, int from, StringBuilder name) throws NotAName {
        int at = from;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c != '"') {
                name.append(c);
                at++;
            } else if (at + 1 < text.length() && text.charAt(at + 1) == '"') {
                name.append('"');
                at += 2;
            } else {
                return at + 1;
            }
        }
        throw new NotAName("\"" + text + "\" is not a name: its \" is never closed");
    }

    private static String checked(String text, String name) throws NotAName {
        if (name.isEmpty()) {
            throw new NotAName("\"" + text + "\" is not a name: a part of it is empty");
        }
        if (name.indexOf('\0') >= 0) {
            throw new NotAName("a name cannot hold a zero character");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST) {
            throw new NotAName("\"" + name + "\" has " + bytes + " bytes, PostgreSQL keeps " + LONGEST);
        }
        return name;
    }
}
