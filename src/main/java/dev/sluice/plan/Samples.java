package dev.sluice.plan;

import dev.sluice.job.Shape;
import dev.sluice.plan.PlanReport.SampleRow;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts.KeyColumn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads a few rows as text, to show them before and after a trial. Of an {@code insert}, the rows of the filled table.
 */
final class Samples {
    /** rows shown at most */
    static final int ROWS = 5;

    private static final int LONGEST = 80;

    private final Subject subject;
    private final LeafKeys walk;
    private final Connection connection;

    Samples(Subject subject, LeafKeys walk, Connection connection) {
        this.subject = subject;
        this.walk = walk;
        this.connection = connection;
    }

    /** Rows by the key of the walked row, each column to its text; a row that is not there is missing. */
    record Rows(Map<List<String>, Map<String, @Nullable String>> byKey) {}

    /** The rows of these keys, as they are now in this transaction. */
    Rows read(List<List<String>> keys) throws SQLException {
        Map<List<String>, Map<String, @Nullable String>> found = new HashMap<>();
        if (keys.isEmpty()) {
            return new Rows(found);
        }
        List<String> columns = List.copyOf(columns());
        try (PreparedStatement s = connection.prepareStatement(query(columns, keys.size()))) {
            LeafKeys.bind(s, keys.stream().flatMap(List::stream).toList(), 1);
            try (ResultSet row = s.executeQuery()) {
                while (row.next()) {
                    Map<String, @Nullable String> values = new LinkedHashMap<>();
                    for (int i = 0; i < columns.size(); i++) {
                        values.put(columns.get(i), cut(row.getString(i + 3)));
                    }
                    if (row.getBoolean(2)) {
                        found.put(Arrays.asList((String[]) row.getArray(1).getArray()), values);
                    }
                }
            }
        }
        return new Rows(found);
    }

    private Set<String> columns() {
        if (subject.job().migrate().shape() instanceof Shape.Insert insert) {
            return insert.columns().keySet();
        }
        Set<String> readable = new LinkedHashSet<>(subject.facts().columns().keySet());
        readable.retainAll(subject.hazards().accessTo(subject.sampleRelation()).select());
        return readable;
    }

    private String query(List<String> columns, int keys) {
        String in = walk.key().among(keys);
        if (subject.job().migrate().shape() instanceof Shape.Insert insert) {
            return filledQuery(insert, columns, in);
        }
        String alias = TableName.quote(subject.facts().name().name());
        return "SELECT " + walk.key().textArray() + ", true" + texts(alias, columns) + " FROM " + walk.from()
                + " WHERE " + in;
    }

    /** The filled table's row is found by the conflict columns, whose values the source row gives. */
    private String filledQuery(Shape.Insert insert, List<String> columns, String in) {
        List<String> unique = insert.conflict().columns();
        StringBuilder values = new StringBuilder();
        StringBuilder same = new StringBuilder("true");
        for (int i = 0; i < unique.size(); i++) {
            String column = unique.get(i);
            values.append(", (")
                    .append(SqlText.of(Objects.requireNonNull(insert.columns().get(column)))
                            .forJdbc())
                    .append("\n) AS sluice_c")
                    .append(i);
            same.append(" AND sluice_into.")
                    .append(TableName.quote(column))
                    .append(" = sluice_source.sluice_c")
                    .append(i);
        }
        return "SELECT sluice_source.sluice_key, sluice_into.tableoid IS NOT NULL" + texts("sluice_into", columns)
                + " FROM (SELECT " + walk.key().textArray() + " AS sluice_key" + values + " FROM " + walk.from()
                + " WHERE " + in
                + ") AS sluice_source LEFT JOIN " + insert.target().sql() + " AS sluice_into ON " + same;
    }

    private static String texts(String alias, List<String> columns) {
        return columns.stream()
                .map(c -> ", left(" + alias + "." + TableName.quote(c) + "::text, " + (LONGEST + 1) + ")")
                .collect(Collectors.joining());
    }

    private static @Nullable String cut(@Nullable String value) {
        return value == null || value.length() <= LONGEST ? value : value.substring(0, LONGEST) + "…";
    }

    /**
     * The rows side by side; of a {@code set}, the columns that it reads or changes and those that changed with them.
     */
    List<SampleRow> compare(List<List<String>> keys, Rows before, Rows after) {
        Set<String> shown = new LinkedHashSet<>(columns());
        if (subject.job().migrate().shape() instanceof Shape.Set) {
            Set<String> changed = new LinkedHashSet<>(subject.readColumns());
            for (List<String> key : keys) {
                Map<String, @Nullable String> a = before.byKey().getOrDefault(key, Map.of());
                Map<String, @Nullable String> b = after.byKey().getOrDefault(key, Map.of());
                a.keySet().stream()
                        .filter(c -> !Objects.equals(a.get(c), b.get(c)))
                        .forEach(changed::add);
            }
            shown.retainAll(changed);
        }
        List<SampleRow> rows = new ArrayList<>();
        for (List<String> key : keys) {
            rows.add(new SampleRow(
                    keyMap(key),
                    only(before.byKey().get(key), shown),
                    only(after.byKey().get(key), shown)));
        }
        return rows;
    }

    private Map<String, String> keyMap(List<String> key) {
        Map<String, String> map = new LinkedHashMap<>();
        List<KeyColumn> columns = subject.facts().key();
        for (int i = 0; i < columns.size(); i++) {
            map.put(columns.get(i).name(), key.get(i));
        }
        return map;
    }

    private static @Nullable Map<String, @Nullable String> only(
            @Nullable Map<String, @Nullable String> row, Set<String> shown) {
        if (row == null) {
            return null;
        }
        Map<String, @Nullable String> kept = new LinkedHashMap<>(row);
        kept.keySet().retainAll(shown);
        return kept;
    }
}
