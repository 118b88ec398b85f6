package dev.sluice.plan;

import dev.sluice.partition.KeySql;
import dev.sluice.sql.SqlText;
import dev.sluice.sql.TableName;
import dev.sluice.table.TableFacts;
import dev.sluice.table.TableFacts.Leaf;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds keys of a leaf by its index. A key is the text of each key column. */
final class LeafKeys {
    private final PlanServer server;
    private final KeySql key;
    private final String from;

    LeafKeys(PlanServer server, TableFacts facts, Leaf leaf) {
        this.server = server;
        this.key = new KeySql(facts.name().name(), facts.key());
        this.from = "ONLY " + leaf.name().sql() + " AS "
                + TableName.quote(facts.name().name());
    }

    /** The key as SQL. */
    KeySql key() {
        return key;
    }

    /** The leaf under the table's own name. */
    String from() {
        return from;
    }

    /** The first key; null when there is no row. */
    @Nullable
    List<String> firstKey() {
        try {
            return first("true", List.of(), "", 0);
        } catch (SQLException e) {
            server.blamed(e);
            return null; // the table cannot be read: said elsewhere
        }
    }

    /** The last key; null when there is no row. */
    @Nullable
    List<String> lastKey() throws SQLException {
        return first("true", List.of(), " DESC", 0);
    }

    /** The first key whose row meets a condition of the job. */
    @Nullable
    List<String> firstKey(String condition) throws SQLException {
        return first(parenthesized(condition), List.of(), "", 0);
    }

    /** The key before another; null when that is the first. */
    @Nullable
    List<String> before(List<String> next) throws SQLException {
        return first(key.compare("<", key::parameter), next, " DESC", 0);
    }

    /** The n-th key after another (null: from the start); null when there are fewer. */
    @Nullable
    List<String> after(@Nullable List<String> cursor, int n) throws SQLException {
        return first(afterCursor(cursor), orNone(cursor), "", n - 1);
    }

    /**
     * The first keys of a range whose rows meet a condition.
     *
     * @param cursor excluded; null for the start
     * @param last included; null for no end
     */
    List<List<String>> keys(@Nullable List<String> cursor, @Nullable List<String> last, String condition, int limit)
            throws SQLException {
        List<String> values = new ArrayList<>(orNone(cursor));
        values.addAll(orNone(last));
        String end = last == null ? "true" : key.compare("<=", key::parameter);
        return select(afterCursor(cursor) + " AND " + end + " AND " + parenthesized(condition), values, "", 0, limit);
    }

    private String afterCursor(@Nullable List<String> cursor) {
        return cursor == null ? "true" : key.compare(">", key::parameter);
    }

    private static List<String> orNone(@Nullable List<String> key) {
        return key == null ? List.of() : key;
    }

    private static String parenthesized(String condition) {
        return "(" + SqlText.of(condition).forJdbc() + "\n)";
    }

    private @Nullable List<String> first(String condition, List<String> values, String direction, int offset)
            throws SQLException {
        List<List<String>> found = select(condition, values, direction, offset, 1);
        return found.isEmpty() ? null : found.get(0);
    }

    private List<List<String>> select(String condition, List<String> values, String direction, int offset, int limit)
            throws SQLException {
        String order = key.columns().stream()
                .map(c -> TableName.quote(key.alias()) + "." + c.sql() + direction)
                .collect(Collectors.joining(", "));
        String sql = "SELECT " + key.textArray() + " AS sluice_key FROM " + from + " WHERE " + condition + " ORDER BY "
                + order + " OFFSET " + offset + " LIMIT " + limit;
        try (PreparedStatement s = server.connection().prepareStatement(sql)) {
            bind(s, values, 1);
            List<List<String>> keys = new ArrayList<>();
            try (ResultSet rows = s.executeQuery()) {
                while (rows.next()) {
                    keys.add(Arrays.asList((String[]) rows.getArray(1).getArray()));
                }
            }
            return keys;
        }
    }

    /** Binds key values without a type of their own: the statement casts each. */
    static void bind(PreparedStatement s, List<String> values, int at) throws SQLException {
        for (int i = 0; i < values.size(); i++) {
            s.setObject(at + i, values.get(i), Types.OTHER);
        }
    }
}
