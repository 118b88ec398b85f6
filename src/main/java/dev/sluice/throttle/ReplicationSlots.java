package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * How much more WAL may be written before a replication slot is lost, where the server limits what a slot may retain;
 * how much it retains, where the server does not. A slot that is lost already cannot be saved and does not count.
 */
public record ReplicationSlots() implements DatabaseSource {
    /** Slots that retain WAL; {@code keep} is -1 where the server sets no limit. */
    private static final Query SLOTS = new Query("""
            SELECT s.slot_name::text AS name, s.wal_status, s.safe_wal_size AS safe, s.safe_wal_size IS NULL AS endless,
                   (pg_catalog.pg_current_wal_lsn() - s.restart_lsn)::bigint AS retained,
                   pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_slot_wal_keep_size')) AS keep
              FROM pg_catalog.pg_replication_slots s
             WHERE s.restart_lsn IS NOT NULL AND s.wal_status <> 'lost'
             ORDER BY s.slot_name""");

    @Override
    public String code() {
        return SignalKind.REPLICATION_SLOTS.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(2);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        return SLOTS.on(connection, ReplicationSlots::level);
    }

    private static Measurement level(ResultSet row) throws SQLException {
        String name = row.getString("name");
        if (row.getBoolean("endless")) {
            double retained = Math.max(0, row.getLong("retained"));
            return Measurement.of("retained", name, retained, Amount.bytes(retained) + " retained");
        }
        double left = row.getLong("safe");
        boolean unreserved = "unreserved".equals(row.getString("wal_status"));
        String text = Amount.bytes(left) + " left" + (unreserved ? ", unreserved" : "");
        // where the server keeps little at all, a limit above that would never be met
        double most = row.getLong("keep") / 2.0;
        return new Measurement("limit", name, left, text, Better.MORE, unreserved, new Scale.AtMost(most));
    }
}
