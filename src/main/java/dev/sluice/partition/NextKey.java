package dev.sluice.partition;

import dev.sluice.database.Database;
import dev.sluice.table.TableFacts;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds the n-th key after another, by the index. */
public final class NextKey {
    private NextKey() {}

    /**
     * The key {@code n} keys further.
     *
     * @param relation SQL name of the table or leaf
     * @param after the text of each key column; null for the start
     * @param n at least 1
     * @return empty when fewer keys follow
     * @throws SQLException of the server or the driver
     */
    public static Optional<List<String>> of(
            Database database, TableFacts facts, String relation, @Nullable List<String> after, int n)
            throws SQLException {
        KeySql key = new KeySql("t", facts.key());
        String sql = "SELECT " + key.textArray() + " FROM ONLY " + relation + " AS \"t\""
                + (after == null ? "" : " WHERE " + key.compare(">", key::parameter)) + " ORDER BY " + key.list()
                + " OFFSET ? LIMIT 1";
        try (Connection connection = database.connect();
                PreparedStatement query = connection.prepareStatement(sql)) {
            int at = 1;
            for (String part : after == null ? List.<String>of() : after) {
                query.setObject(at++, part, Types.OTHER);
            }
            query.setInt(at, n - 1);
            try (ResultSet row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(Arrays.asList((String[]) row.getArray(1).getArray()))
                        : Optional.empty();
            }
        }
    }
}
