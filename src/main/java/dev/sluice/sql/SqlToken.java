package dev.sluice.sql;

/**
 * A piece of SQL text. All pieces of a text, put together, are the text.
 *
 * @param kind what it is
 * @param text as written
 * @param depth how many brackets are open around it; a bracket itself counts as outside
 */
record SqlToken(Kind kind, String text, int depth) {

    /** What a piece is. */
    enum Kind {
        /** an unquoted identifier or keyword */
        WORD,
        /** a quoted identifier, with its quotes */
        QUOTED,
        /** a string of any sort, with its quotes */
        STRING,
        /** a comment of either sort */
        COMMENT,
        /** white space */
        SPACE,
        /** a number */
        NUMBER,
        /** {@code $1} */
        PARAMETER,
        /** <code>{batch:alias}</code> */
        BATCH,
        /** any other single character */
        SYMBOL
    }

    /** Whether it is this keyword or unquoted identifier, in any case. */
    boolean isWord(String word) {
        return kind == Kind.WORD && text.equalsIgnoreCase(word);
    }

    /** Whether it is this single character outside of everything quoted. */
    boolean isSymbol(char symbol) {
        return kind == Kind.SYMBOL && text.charAt(0) == symbol;
    }
}
