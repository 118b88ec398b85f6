package dev.sluice.partition;

import dev.sluice.database.Database;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A query over keys: its text and its parameters, put together piece by piece. Texts are sent without a type, so that
 * {@code CAST(? AS uuid)} is a uuid from the start and can be an index condition.
 */
final class KeyQuery {
    private final StringBuilder sql = new StringBuilder();
    private final List<Object> values = new ArrayList<>();

    /** What is read of one row. */
    @FunctionalInterface
    interface Reader<T> {
        /** Reads the current row. */
        T read(ResultSet row) throws SQLException;
    }

    /**
     * Adds a piece.
     *
     * @param piece SQL with a {@code ?} for each value
     * @param more values: text or whole numbers
     */
    KeyQuery add(String piece, Object... more) {
        sql.append(piece);
        Collections.addAll(values, more);
        return this;
    }

    /** Adds {@code key > lower AND key <= upper}; a bound that is null is left out. */
    KeyQuery addRange(KeySql key, @Nullable List<String> lower, @Nullable List<String> upper) {
        List<String> conditions = new ArrayList<>();
        if (lower != null) {
            conditions.add(key.compare(">", key::parameter));
            values.addAll(lower);
        }
        if (upper != null) {
            conditions.add(key.compare("<=", key::parameter));
            values.addAll(upper);
        }
        sql.append(conditions.isEmpty() ? "true" : String.join(" AND ", conditions));
        return this;
    }

    /**
     * Runs it by itself, in auto-commit mode.
     *
     * @throws org.jooq.exception.DataAccessException of the server or the driver
     */
    <T> List<T> fetch(Database database, Reader<T> reader) {
        return database.sql().connectionResult(connection -> {
            try (PreparedStatement query = connection.prepareStatement(sql.toString())) {
                for (int i = 0; i < values.size(); i++) {
                    switch (values.get(i)) {
                        case String text -> query.setObject(i + 1, text, Types.OTHER);
                        case Number number -> query.setLong(i + 1, number.longValue());
                        default -> throw new IllegalArgumentException("not a text or a number: " + values.get(i));
                    }
                }
                List<T> rows = new ArrayList<>();
                try (ResultSet row = query.executeQuery()) {
                    while (row.next()) {
                        rows.add(reader.read(row));
                    }
                }
                return rows;
            }
        });
    }

    /** A key that was selected as an array of texts. */
    static List<String> key(ResultSet row, String column) throws SQLException {
        return Arrays.asList((String[]) row.getArray(column).getArray());
    }
}
