package dev.sluice.job;

import dev.sluice.sql.SqlName;
import dev.sluice.sql.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads {@code set}, {@code insert}, {@code delete} and {@code sql} of a job file. */
final class ShapeTranslation {
    private static final List<String> SHAPES = List.of("set", "insert", "delete", "sql");
    private static final String INSERT = "migrate.insert";

    private final Keys keys;
    private final Mistakes mistakes;
    private final SqlChecks sql;

    ShapeTranslation(Keys keys, Mistakes mistakes) {
        this.keys = keys;
        this.mistakes = mistakes;
        this.sql = new SqlChecks(mistakes);
    }

    /** The one shape; empty where a mistake about it is noted. */
    Optional<Shape> shape() {
        List<String> present =
                SHAPES.stream().filter(s -> keys.has("migrate." + s)).toList();
        if (present.isEmpty()) {
            mistakes.add(
                    "migrate",
                    "one-shape",
                    "it does not say what to do with the rows.",
                    "Add one of `set`, `insert`, `delete` and `sql`.");
        } else if (present.size() > 1) {
            mistakes.add(
                    "migrate." + present.get(1),
                    "one-shape",
                    "there is " + String.join(" and ", present) + ", a job has one of them.",
                    "Make each a job of its own, in a file of its own.");
        }
        Optional<Shape> set =
                Optional.of("set").filter(present::contains).map(s -> new Shape.Set(columns("migrate.set")));
        Optional<Shape> insert = Optional.of("insert").filter(present::contains).flatMap(s -> insert());
        Optional<Shape> delete = Optional.of("delete").filter(present::contains).map(s -> delete());
        Optional<Shape> own = keys.text("migrate.sql").flatMap(s -> sql.statement("migrate.sql", s));
        return set.or(() -> insert).or(() -> delete).or(() -> own);
    }

    /** A list of column names. */
    List<String> names(String key) {
        List<String> names = new ArrayList<>();
        keys.value(key).ifPresent(list -> {
            for (int i = 0; i < list.size(); i++) {
                String inner = key + "[" + i + "]";
                Optional<String> name = name(inner, list.path(i).asString());
                if (name.isPresent() && names.contains(name.get())) {
                    mistakes.add(
                            inner,
                            "duplicate-column",
                            "the column " + SqlName.spell(name.get()) + " stands there twice.",
                            "Keep one of the two; unquoted names fold to lower case.");
                }
                name.ifPresent(names::add);
            }
        });
        return names;
    }

    /** A table's name. */
    Optional<TableName> table(String key) {
        return keys.text(key).flatMap(text -> {
            try {
                return Optional.of(SqlName.table(text));
            } catch (SqlName.NotAName e) {
                mistakes.add(
                        key,
                        "bad-name",
                        e.getMessage() + ".",
                        "Write schema.table, such as `app.users`; quote what is not lower-case: '\"App\".\"Users\"'.");
                return Optional.empty();
            }
        });
    }

    private Map<String, String> columns(String key) {
        Map<String, String> columns = new LinkedHashMap<>();
        Map<String, String> spelled = new HashMap<>();
        keys.texts(key).forEach((written, expression) -> {
            String inner = key + "." + written;
            name(inner, written).ifPresent(column -> {
                String before = spelled.putIfAbsent(column, written);
                if (before != null) {
                    mistakes.add(
                            inner,
                            "duplicate-column",
                            "\"" + before + "\" names the same column.",
                            "Keep one of the two; unquoted names fold to lower case.");
                }
                columns.put(column, expression);
            });
            sql.expression(inner, expression);
        });
        return columns;
    }

    private Optional<String> name(String key, String written) {
        try {
            return Optional.of(SqlName.one(written));
        } catch (SqlName.NotAName e) {
            mistakes.add(
                    key,
                    "bad-name",
                    e.getMessage() + ".",
                    "Write a column's name, such as `full_name`; quote what is not lower-case: '\"fullName\"'.");
            return Optional.empty();
        }
    }

    private Shape delete() {
        if (!keys.has("migrate.where")) {
            mistakes.add(
                    "migrate.delete",
                    "missing-where",
                    "`delete` needs a `where` that says which rows go.",
                    "Add `where: \"last_seen < '2026-01-01'\"`, or `where: \"true\"` to purge all rows.");
        }
        return new Shape.Delete();
    }

    private Optional<Shape> insert() {
        Optional<TableName> into = table(INSERT + ".into");
        Map<String, String> columns = columns(INSERT + ".columns");
        List<String> unique = names(INSERT + ".conflict.columns");
        Optional<Shape.Conflict.Action> action =
                keys.text(INSERT + ".conflict.do").map(a -> Shape.Conflict.Action.valueOf(a.toUpperCase(Locale.ROOT)));
        if (into.isPresent() && into.equals(table("migrate.table"))) {
            mistakes.add(
                    INSERT + ".into",
                    "same-table",
                    "it is the table that the rows come from.",
                    "Name another table; to change rows of the same table use `set`.");
        }
        if (!columns.isEmpty() && !mistakes.within(INSERT + ".columns")) {
            for (int i = 0; i < unique.size(); i++) {
                if (!columns.containsKey(unique.get(i))) {
                    mistakes.add(
                            INSERT + ".conflict.columns[" + i + "]",
                            "unknown-column",
                            "`insert.columns` does not fill " + SqlName.spell(unique.get(i)) + ".",
                            "Name columns of `insert.columns`: verification finds a row's counterpart by them.");
                }
            }
            boolean nothingLeft = unique.containsAll(columns.keySet());
            if (nothingLeft && action.equals(Optional.of(Shape.Conflict.Action.UPDATE))) {
                mistakes.add(
                        INSERT + ".conflict.do",
                        "bad-value",
                        "`update` has nothing to overwrite: every column is one of `conflict.columns`.",
                        "Write `do: nothing`.");
            }
        }
        boolean orphans = !keys.text(INSERT + ".orphans").equals(Optional.of("allow"));
        if (into.isEmpty() || unique.isEmpty() || action.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Shape.Insert(into.get(), columns, new Shape.Conflict(unique, action.get()), orphans));
    }
}
