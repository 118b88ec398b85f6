package dev.sluice;

import dev.sluice.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A partition of the first pass of a live run, as the tables show it.
 *
 * @param run its run
 * @param state of the run
 * @param partition its number
 * @param lane of the run that walks it
 * @param carrier that has it; "" for none
 * @param begun whether anybody ever claimed it
 * @param done whether nothing is left of it
 * @param batches committed
 * @param striped whether some stripes of a range are committed and others are not
 * @param inBatch whether a transaction in progress has locked its checkpoint
 * @param walkedAnew whether it was claimed since the given moment, and a batch was committed after the claim
 */
record Part(
        UUID run,
        String state,
        int partition,
        int lane,
        String owner,
        boolean begun,
        boolean done,
        long batches,
        boolean striped,
        boolean inBatch,
        boolean walkedAnew) {

    /** Numbers of lanes that the test adds to those of the job begin here. */
    static final int FIRST_FURTHER_LANE = 100;

    private static final String SQL = "SELECT r.id, r.state, c.partition, c.lane, coalesce(l.owner, ''),"
            + " c.claimed_at IS NOT NULL, c.done, c.batches, c.stripe > 0,"
            + " c.xmax::text <> '0' AND pg_xact_status(c.xmax::text::xid8) = 'in progress',"
            + " coalesce(c.claimed_at > ?::timestamptz AND c.updated_at > c.claimed_at, false)"
            + " FROM sluice.run r JOIN sluice.checkpoint c ON c.run_id = r.id AND c.pass = 0"
            // what a lane left when it was stopped waits for the conductor, in nobody's hands
            + " LEFT JOIN sluice.lane l ON l.run_id = c.run_id AND l.lane = c.lane AND l.owner = c.owner"
            + " WHERE r.state IN ('queued', 'running', 'paused', 'verifying')";

    /** The moment of the server's clock. */
    static String now(TestPostgres.Fresh db) {
        return db.value("SELECT clock_timestamp()");
    }

    /**
     * All of them.
     *
     * @param since a moment of the server's clock
     */
    static List<Part> all(TestPostgres.Fresh db, String since) throws SQLException {
        try (Connection c = db.connect();
                PreparedStatement s = c.prepareStatement(SQL)) {
            s.setString(1, since);
            List<Part> found = new ArrayList<>();
            try (ResultSet r = s.executeQuery()) {
                while (r.next()) {
                    found.add(new Part(
                            r.getObject(1, UUID.class),
                            r.getString(2),
                            r.getInt(3),
                            r.getInt(4),
                            r.getString(5),
                            r.getBoolean(6),
                            r.getBoolean(7),
                            r.getLong(8),
                            r.getBoolean(9),
                            r.getBoolean(10),
                            r.getBoolean(11)));
                }
            }
            return found;
        }
    }

    /** Those of running runs that are begun, not done, and in somebody's hands. */
    static List<Part> held(TestPostgres.Fresh db) throws SQLException {
        return all(db, "infinity").stream()
                .filter(p -> p.state.equals("running") && p.begun && !p.done && !p.owner.isEmpty())
                .toList();
    }

    /** Whether it is in nobody's hands because a cancel ended its further lane; the conductor takes it in the end. */
    boolean isLeft() {
        return lane >= FIRST_FURTHER_LANE && owner.isEmpty();
    }

    boolean isHeldBy(String worker) {
        return owner.startsWith(worker + "#");
    }

    /** What a carrier has in hand at a time. */
    String lanesName() {
        return run + "/" + lane + " " + owner;
    }

    boolean is(Part other) {
        return run.equals(other.run) && partition == other.partition;
    }
}
