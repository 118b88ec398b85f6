package dev.sluice.batch;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Position;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.checkpoint.Tuning;
import dev.sluice.database.Database;
import dev.sluice.database.TransactionSettings;
import dev.sluice.table.TableFacts;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Commits batches of one pass: one round trip, auto-commit. The statement goes between two others, which are one
 * transaction with it: the settings that hold in it, and a look at what held at its end. So nothing rests on what a
 * session had before, and what a job's SQL or a trigger sets in it reaches no other batch.
 *
 * <pre>{@code
 * SELECT set_config('lock_timeout', '500', true), …;
 * WITH sluice_claim AS … RETURNING …;              -- BatchSql
 * SET CONSTRAINTS ALL IMMEDIATE;                   -- deferred triggers fire here
 * SELECT current_setting('lock_timeout'), …;
 * RESET ALL; DISCARD TEMP; UNLISTEN *; SELECT set_config('lock_timeout', '500', false), …, pg_advisory_unlock_all();   -- not behind a pooler
 * }</pre>
 */
public final class Batches {
    private final Database database;
    private final RowWork work;
    private final TableFacts facts;
    /** A walk is in one leaf at a time; those of the leaves before it are not kept, however many there are. */
    private static final int MOST_STATEMENTS = 16;

    /** Written once for each kind: there is one batch after another, and the text is always the same. */
    private final Map<Kind, BatchStatement> statements = new ConcurrentHashMap<>();

    private record Kind(BatchSql.Form form, String relation, boolean fromStart) {}

    /**
     * @param database where the rows are
     * @param work what is done with them
     * @param facts of the table that is walked
     */
    public Batches(Database database, RowWork work, TableFacts facts) {
        this.database = database;
        this.work = work;
        this.facts = facts;
    }

    /**
     * The statement that {@link #commit} sends for this claim.
     *
     * @param request for a range that begins
     */
    public BatchStatement statement(Claim claim, BatchRequest request) {
        BatchSql.Form form = form(claim, request);
        boolean fromStart = claim.position().cursor() == null;
        if (statements.size() >= MOST_STATEMENTS) {
            statements.clear();
        }
        return statements.computeIfAbsent(
                new Kind(form, claim.relation(), fromStart),
                k -> BatchSql.of(form, work, facts, claim.relation(), fromStart));
    }

    private BatchSql.Form form(Claim claim, BatchRequest request) {
        if (claim.position().rangeEnd() != null) {
            return BatchSql.Form.FURTHER;
        }
        return request.stripes() > 1 && work.stripes() ? BatchSql.Form.OPENING : BatchSql.Form.WHOLE;
    }

    /** {@link #commit(Claim, Ask)} without stripes. */
    public Outcome commit(Claim claim, int size) throws SQLException {
        return commit(claim, BatchRequest.of(size));
    }

    /**
     * Changes the rows of the next batch and moves the checkpoint, both or neither.
     *
     * @param claim with the position to start from
     * @param request for a range that begins; in mid-range the position rules, and only its next stripe is done
     * @throws SQLException as the server or the driver gave it; whether the batch was committed is then unknown, and
     *     the next one, which names the same position, finds out
     */
    public Outcome commit(Claim claim, BatchRequest request) throws SQLException {
        try (Connection connection = database.connectBare()) {
            TransactionSettings settings =
                    database.transactionSettings(connection).with("synchronous_commit", "off");
            TransactionFrame frame = TransactionFrame.of(settings, database.restoringSql(connection));
            try (PreparedStatement statement =
                    statement(claim, request).prepare(connection, frame.before(), frame.after(), claim, request)) {
                Outcome outcome = outcome(statement, settings.names());
                if (outcome instanceof Outcome.Committed done
                        && !done.changedSettings().isEmpty()) {
                    database.drop(connection);
                }
                return outcome;
            } catch (SQLException e) {
                TransactionFrame.unlock(connection, frame.own());
                throw e;
            }
        }
    }

    /** The settings at the beginning, what was done, the settings at the end. */
    private static Outcome outcome(PreparedStatement statement, List<String> settings) throws SQLException {
        statement.execute();
        List<String> before = TransactionFrame.settings(statement);
        statement.getMoreResults();
        Outcome outcome;
        try (ResultSet row = statement.getResultSet()) {
            outcome = row.next() ? committed(row) : new Outcome.Refused();
        }
        statement.getMoreResults(); // of the constraints
        statement.getMoreResults();
        List<String> changed = TransactionFrame.changed(settings, before, TransactionFrame.settings(statement));
        return outcome instanceof Outcome.Committed done ? done.with(changed) : outcome;
    }

    /**
     * Tries the next stripe of a range in progress on a part of the range's keys, and takes all of it back.
     *
     * @param claim in the middle of a range in stripes
     * @param after the keys follow this one; null for those from the first on
     * @param upTo the last key
     * @return false where the checkpoint was not as the claim names it; nothing was tried then
     * @throws SQLException as the server or the driver gave it: the rows cannot be changed
     */
    public boolean attempt(Claim claim, @Nullable List<String> after, List<String> upTo) throws SQLException {
        Position whole = claim.position();
        Claim part = claim.at(new Position(after, upTo, whole.stripes(), whole.stripe()));
        BatchRequest none = BatchRequest.of(1);
        try (Connection connection = database.connect()) {
            connection.setAutoCommit(false);
            try {
                if (!narrowed(connection, claim, after, upTo)) {
                    return false;
                }
                try (PreparedStatement statement = statement(part, none).prepare(connection, part, none);
                        ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        return false;
                    }
                }
                try (Statement constraints = connection.createStatement()) {
                    constraints.execute("SET CONSTRAINTS ALL IMMEDIATE"); // what else would fail at the commit
                }
                return true;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
                TransactionFrame.unlock(
                        connection, !database.restoringSql(connection).isEmpty());
            }
        }
    }

    /** Until the rollback, the range in progress is this part of it. */
    private static boolean narrowed(Connection connection, Claim claim, @Nullable List<String> after, List<String> upTo)
            throws SQLException {
        try (PreparedStatement statement = NarrowSql.STATEMENT.prepare(connection, claim, BatchRequest.of(1))) {
            int own = NarrowSql.STATEMENT.parameters().size();
            BatchStatement.setKey(statement, own + 1, after);
            BatchStatement.setKey(statement, own + 2, upTo);
            return statement.executeUpdate() == 1;
        }
    }

    private static Outcome committed(ResultSet row) throws SQLException {
        return new Outcome.Committed(
                new Position(
                        key(row, "cursor_key"), key(row, "range_end"), row.getInt("stripes"), row.getInt("stripe")),
                row.getBoolean("done"),
                row.getLong("scanned"),
                row.getLong("changed"),
                row.getLong("hot"),
                row.getLong("matching"),
                row.getLong("violations"),
                new RowsLeft(row.getLong("left_unchanged"), row.getLong("left_collapsed"), row.getLong("left_shared")),
                row.getLong("wal"),
                Math.max(0, row.getDouble("server_seconds")), // the clock may have been set back
                new Tuning(
                        row.getInt("target_millis"),
                        row.getInt("batch_size"),
                        row.getObject("rows_per_second", Integer.class),
                        row.getObject("wal_per_hour", Long.class),
                        row.getObject("cores", Double.class)),
                List.of());
    }

    private static @Nullable List<String> key(ResultSet row, String column) throws SQLException {
        Array key = row.getArray(column);
        return key == null ? null : Arrays.asList((String[]) key.getArray());
    }
}
