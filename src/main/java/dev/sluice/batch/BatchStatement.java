package dev.sluice.batch;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The statement of a batch, ready to be bound.
 *
 * @param sql JDBC text; user operators with a question mark are doubled
 * @param parameters what each {@code ?} stands for, in order
 */
public record BatchStatement(String sql, List<Parameter> parameters) {
    public BatchStatement {
        parameters = List.copyOf(parameters);
    }

    /** What a parameter stands for. */
    public sealed interface Parameter {
        /** The fixed ones. */
        enum Named implements Parameter {
            RUN,
            PASS,
            PARTITION,
            TOKEN,
            CURSOR,
            RANGE_END,
            STRIPES,
            STRIPE,
            /** keys of a range that begins */
            SIZE,
            /** stripes of a range that begins */
            ASKED_STRIPES,
            /** what is left of the hash of a key is masked with: stripes - 1 */
            MASK,
            /** bits of a 32-bit hash that are too many: 32 - log2(stripes) */
            SHIFT
        }

        /**
         * One column of the cursor, cast to its type by the statement.
         *
         * @param column counted from 0
         */
        record CursorColumn(int column) implements Parameter {}
    }

    /**
     * {@link #prepare(Connection, Claim, Ask)} without stripes.
     *
     * @param size keys of the batch
     */
    public PreparedStatement prepare(Connection connection, Claim claim, int size) throws SQLException {
        return prepare(connection, claim, BatchRequest.of(size));
    }

    /**
     * Prepares and binds it.
     *
     * @param claim whose position is walked on from
     * @param request for a range that begins
     * @throws SQLException of the driver
     */
    public PreparedStatement prepare(Connection connection, Claim claim, BatchRequest request) throws SQLException {
        return prepare(connection, "", "", claim, request);
    }

    /**
     * Prepares and binds it between others, which are sent with it: in auto-commit mode they are one transaction and
     * one round trip. Every parameter has a type that the driver knows; were there one without, the driver would end
     * the transaction before the statement as soon as it is prepared in the server, to learn how large its rows are.
     *
     * @param before statements without parameters, each with its semicolon
     * @param after the same
     */
    PreparedStatement prepare(Connection connection, String before, String after, Claim claim, BatchRequest request)
            throws SQLException {
        PreparedStatement statement =
                connection.prepareStatement(after.isEmpty() ? before + sql : before + sql + ";\n" + after);
        try {
            for (int i = 0; i < parameters.size(); i++) {
                bind(statement, i + 1, parameters.get(i), claim, request);
            }
            return statement;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    private static void bind(PreparedStatement s, int at, Parameter parameter, Claim claim, BatchRequest request)
            throws SQLException {
        var position = claim.position();
        switch (parameter) {
            case Parameter.CursorColumn c -> {
                List<String> cursor = position.cursor();
                s.setString(at, cursor == null ? null : cursor.get(c.column()));
            }
            case Parameter.Named named -> {
                switch (named) {
                    case RUN -> s.setObject(at, claim.id().run());
                    case PASS -> s.setInt(at, claim.id().pass());
                    case PARTITION -> s.setInt(at, claim.id().partition());
                    case TOKEN -> s.setObject(at, claim.token());
                    case CURSOR -> setKey(s, at, position.cursor());
                    case RANGE_END -> setKey(s, at, position.rangeEnd());
                    case STRIPES -> s.setInt(at, position.stripes());
                    case STRIPE -> s.setInt(at, position.stripe());
                    case SIZE -> s.setInt(at, request.keys());
                    case ASKED_STRIPES -> s.setInt(at, request.stripes());
                    case MASK -> s.setInt(at, stripes(position, request) - 1);
                    case SHIFT -> s.setInt(at, 32 - Integer.numberOfTrailingZeros(stripes(position, request)));
                }
            }
        }
    }

    /** Of the range in progress, or else of the one that begins. */
    private static int stripes(Position position, BatchRequest request) {
        return position.rangeEnd() == null ? request.stripes() : position.stripes();
    }

    static void setKey(PreparedStatement s, int at, @Nullable List<String> key) throws SQLException {
        if (key == null) {
            s.setNull(at, Types.ARRAY, "_text");
        } else {
            s.setArray(at, s.getConnection().createArrayOf("text", key.toArray()));
        }
    }
}
