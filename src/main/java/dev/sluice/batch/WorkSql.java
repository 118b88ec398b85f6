package dev.sluice.batch;

import dev.sluice.job.Shape;
import dev.sluice.partition.KeySql;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The part of a batch's statement that touches the rows: {@code sluice_changed} and {@code sluice_counted}. */
final class WorkSql {

    private WorkSql() {}

    static void write(BatchSql s, RowWork work, TableFacts facts, KeySql key) {
        switch (work) {
            case RowWork.Look look -> look(s, look);
            case RowWork.Change change -> {
                s.add("sluice_changed AS (");
                switch (change.shape()) {
                    case Shape.Set set -> set(s, set, change.where(), key);
                    case Shape.Insert insert -> insert(s, insert, change.where(), facts);
                    case Shape.Delete ignored -> delete(s, change.where(), key);
                    case Shape.Sql sql -> sql(s, sql, facts);
                }
                s.add("),\nsluice_counted AS MATERIALIZED (SELECT " + changed(change.shape()) + " AS changed, "
                        + "count(*) FILTER (WHERE still) AS matching, 0::bigint AS violations, "
                        + (work.stripes() ? s.hot() : "0::bigint") + " AS hot FROM sluice_changed)");
            }
        }
    }

    /**
     * How many; none of it is committed where there are rows beyond the range, or more rows than were walked. What the
     * job's own statement does to how many rows is its own to say.
     */
    private static String changed(Shape shape) {
        String beyond = switch (shape) {
            case Shape.Set ignored -> "count(*) FILTER (WHERE beyond)";
            case Shape.Delete ignored -> "count(*) FILTER (WHERE beyond)";
            case Shape.Insert ignored -> "count(*) - (SELECT n FROM sluice_boundary)";
            case Shape.Sql ignored -> "0";
        };
        return shape instanceof Shape.Sql
                ? "count(*)"
                : "CASE WHEN " + beyond + " > 0 THEN sluice.refuse_batch(count(*), " + beyond + ") ELSE count(*) END";
    }

    /** {@code UPDATE … RETURNING (where) IS TRUE}: in RETURNING the columns are those of the new row. */
    private static void set(BatchSql s, Shape.Set set, Optional<String> where, KeySql key) {
        s.add("UPDATE " + s.from() + " SET "
                + set.columns().entrySet().stream()
                        .map(e -> TableName.quote(e.getKey()) + " = " + expression(e.getValue()))
                        .collect(Collectors.joining(", "))
                + " WHERE ");
        s.range();
        and(s, where);
        s.add(" RETURNING " + where.map(w -> expression(w) + " IS TRUE").orElse("false") + " AS still");
        keys(s, key);
    }

    /** The key of a changed row, and whether it lies beyond the range: then something reached out of its brackets. */
    private static void keys(BatchSql s, KeySql key) {
        s.add(", " + key.namedList() + ", (");
        s.range();
        s.add(") IS NOT TRUE AS beyond");
    }

    /** Source rows are locked FOR SHARE, so that none is deleted between being read and being copied. */
    private static void insert(BatchSql s, Shape.Insert insert, Optional<String> where, TableFacts facts) {
        s.add("INSERT INTO " + insert.target().sql() + " AS sluice_into ("
                + quoted(insert.columns().keySet())
                + ") SELECT "
                + insert.columns().values().stream().map(WorkSql::expression).collect(Collectors.joining(", "))
                + " FROM " + s.from() + " WHERE ");
        s.range();
        and(s, where);
        s.add(" FOR SHARE OF " + TableName.quote(facts.name().name()));
        s.add(conflict(insert));
        s.add(" RETURNING false AS still");
    }

    private static String conflict(Shape.Insert insert) {
        String target = " ON CONFLICT (" + quoted(insert.conflict().columns()) + ") ";
        return switch (insert.conflict().action()) {
            case ERROR -> "";
            case NOTHING -> target + "DO NOTHING";
            case UPDATE -> {
                var others = insert.columns().keySet().stream()
                        .filter(c -> !insert.conflict().columns().contains(c))
                        .map(TableName::quote)
                        .toList();
                yield others.isEmpty()
                        ? target + "DO NOTHING"
                        : target + "DO UPDATE SET "
                                + others.stream()
                                        .map(c -> c + " = EXCLUDED." + c)
                                        .collect(Collectors.joining(", "))
                                + " WHERE " + image("sluice_into", others)
                                + " OPERATOR(pg_catalog.*<>) " + image("EXCLUDED", others);
            }
        };
    }

    /**
     * Values as the server stores them, which can be compared whatever their types are: json has no equality, and where
     * those of extensions lie is a matter of the search_path.
     */
    private static String image(String alias, List<String> columns) {
        return columns.stream()
                .map(c -> alias + "." + c)
                .collect(Collectors.joining(", ", "CAST(ROW(", ") AS record)"));
    }

    private static void delete(BatchSql s, Optional<String> where, KeySql key) {
        s.add("DELETE FROM " + s.from() + " WHERE ");
        s.range();
        and(s, where);
        s.add(" RETURNING false AS still");
        keys(s, key);
    }

    /** The range takes the place of {@code {batch:alias}}; on a partitioned table it is kept to the leaf. */
    private static void sql(BatchSql s, Shape.Sql sql, TableFacts facts) {
        String range = s.rangeText(sql.alias());
        if (facts.partitioned()) {
            range = range + " AND " + TableName.quote(sql.alias()) + ".tableoid = " + s.regclass();
        }
        String jdbc = SqlText.of(sql.statement()).forJdbc();
        s.add(SqlText.of(jdbc).withBatch("(" + range + ")"), s.rangeParameters());
        s.add("\nRETURNING false AS still");
    }

    private static void look(BatchSql s, RowWork.Look look) {
        s.add("sluice_counted AS MATERIALIZED (SELECT 0::bigint AS changed, 0::bigint AS hot, "
                + "count(*) FILTER (WHERE violates AND fixable) AS matching, "
                + "count(*) FILTER (WHERE violates) AS violations FROM (SELECT "
                + expression(look.condition()) + " IS NOT TRUE AS violates, "
                + look.where().map(w -> expression(w) + " IS TRUE").orElse("false") + " AS fixable FROM " + s.from()
                + " WHERE ");
        s.range();
        s.add(") AS looked)");
    }

    private static void and(BatchSql s, Optional<String> where) {
        where.ifPresent(w -> s.add(" AND " + expression(w)));
    }

    /** In parentheses, a comment at its end closed by a new line, question marks doubled for the driver. */
    static String expression(String expression) {
        return "(" + SqlText.of(expression).forJdbc() + "\n)";
    }

    private static String quoted(Collection<String> columns) {
        return columns.stream().map(TableName::quote).collect(Collectors.joining(", "));
    }
}
