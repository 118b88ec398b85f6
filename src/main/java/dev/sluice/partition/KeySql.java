package dev.sluice.partition;

import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.KeyColumn;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table's key as SQL: the pieces that batch statements are made of. Row-value comparison for composite keys, so that
 * the condition stays one index range.
 *
 * @param alias the table's alias, unquoted
 * @param columns the key columns, in the index' order
 */
public record KeySql(String alias, List<KeyColumn> columns) {
    public KeySql {
        columns = List.copyOf(columns);
    }

    /** {@code "u"."a", "u"."b"}. */
    public String list() {
        return each(i -> column(i));
    }

    /** {@code "u"."a" DESC, "u"."b" DESC}. */
    public String descending() {
        return each(i -> column(i) + " DESC");
    }

    /** {@code "u"."a" AS k1, "u"."b" AS k2}. */
    public String namedList() {
        return each(i -> column(i) + " AS k" + (i + 1));
    }

    /** {@code k1, k2}. */
    public String names() {
        return each(i -> "k" + (i + 1));
    }

    /**
     * {@code coalesce(p.k1, CAST(q.array[1] AS bigint)) AS k1, …}: the key of {@code p}, which columns named by
     * {@link #namedList} hold, or else that of a text array.
     */
    public String namedOrTextArray(String named, String relation, String array) {
        return each(i -> "coalesce(" + named + ".k" + (i + 1) + ", CAST(" + relation + "." + array + "[" + (i + 1)
                + "] AS " + type(i) + ")) AS k" + (i + 1));
    }

    /** {@code ARRAY["u"."a"::text, …]} over the table's columns. */
    public String textArray() {
        return "ARRAY[" + each(i -> column(i) + "::text") + "]";
    }

    /** {@code ARRAY[p.k1::text, p.k2::text]} over columns named by {@link #namedList}. */
    public String textArrayOf(String relation) {
        return "ARRAY[" + each(i -> relation + ".k" + (i + 1) + "::text") + "]";
    }

    /**
     * A comparison of the key with one SQL value per column.
     *
     * @param operator {@code >} or {@code <=}
     * @param value SQL of the value of column i, counted from 0
     */
    public String compare(String operator, IntFunction<String> value) {
        if (columns.size() == 1) {
            return compare(column(0), operator, value.apply(0));
        }
        return "(" + list() + ") " + operator + " (" + each(value) + ")";
    }

    /**
     * A comparison of a value with another, as the only key column compares. Operators outside of pg_catalog are named
     * with their schema: under a search_path that does not lead there, {@code citext} would be compared as text.
     */
    public String compare(String left, String operator, String right) {
        String schema = columns.getFirst().operators();
        return left + " " + (schema.isEmpty() ? operator : "OPERATOR(" + schema + "." + operator + ")") + " " + right;
    }

    /**
     * {@code CAST(CAST(? AS text) AS bigint)}: one parameter for column i, sent as text. Its type is known to the
     * driver, which otherwise asks the server for it, and then sends what follows in a transaction of its own.
     */
    public String parameter(int i) {
        return "CAST(CAST(? AS pg_catalog.text) AS " + type(i) + ")";
    }

    /** {@code CAST(text AS bigint)}: column i, of SQL that gives its text form. */
    public String fromText(String text, int i) {
        return "CAST(" + text + " AS " + type(i) + ")";
    }

    /**
     * The type of column i. Of several columns no operator can be named with its schema. There, a type whose operators
     * are not in pg_catalog is named without its own: where the search_path leads to its operators, it leads to the
     * type, and where it does not any more, the statement is refused and compares nothing in a wrong order.
     */
    private String type(int i) {
        KeyColumn column = columns.get(i);
        return columns.size() == 1 || column.operators().isEmpty()
                ? column.type()
                : column.type().substring(column.operators().length() + 1);
    }

    /**
     * Whether the key is one of so many: {@code ("u"."a", "u"."b") IN ((CAST(? AS int), CAST(? AS text)), …)}.
     *
     * @param keys at least 1
     */
    public String among(int keys) {
        String values = each(this::parameter);
        if (columns.size() == 1 && !columns.getFirst().operators().isEmpty()) {
            String array = "ANY (ARRAY[" + String.join(", ", Collections.nCopies(keys, values)) + "])";
            return compare(column(0), "=", array);
        }
        String value = columns.size() == 1 ? values : "(" + values + ")";
        return "(" + list() + ") IN (" + String.join(", ", Collections.nCopies(keys, value)) + ")";
    }

    /** {@code (SELECT k1 FROM relation)}: an init plan, so that the comparison stays an index condition. */
    public String from(String relation, int i) {
        return "(SELECT k" + (i + 1) + " FROM " + relation + ")";
    }

    /** {@code (SELECT CAST(array[1] AS bigint) FROM relation)}. */
    public String fromTextArray(String relation, String array, int i) {
        return "(SELECT CAST(" + array + "[" + (i + 1) + "] AS " + type(i) + ") FROM " + relation + ")";
    }

    /** {@code "u"."a"}: column i, counted from 0. */
    public String column(int i) {
        return TableName.quote(alias) + "." + columns.get(i).sql();
    }

    private String each(IntFunction<String> piece) {
        return IntStream.range(0, columns.size()).mapToObj(piece).collect(Collectors.joining(", "));
    }
}
