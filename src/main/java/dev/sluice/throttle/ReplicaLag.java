package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How far each connected replica is behind, in seconds and in bytes of WAL it has not replayed. Subscribers of logical
 * replication count too; those who only take WAL away (backups, {@code pg_receivewal}) replay nothing and do not.
 */
public final class ReplicaLag implements DatabaseSource {
    /** Where the WAL is, and beside it each replica; one row with nulls where there is none. */
    private static final Query REPLICAS = new Query("""
            SELECT (w.here - '0/0'::pg_lsn)::bigint AS here,
                   r.application_name AS name, coalesce(pg_catalog.host(r.client_addr), 'local') AS address,
                   (r.replay_lsn - '0/0'::pg_lsn)::bigint AS replayed,
                   extract(epoch FROM r.replay_lag)::float8 AS told
              FROM pg_catalog.pg_current_wal_lsn() AS w(here)
              LEFT JOIN pg_catalog.pg_stat_replication r ON r.replay_lsn IS NOT NULL AND r.state <> 'backup'
             ORDER BY r.application_name, r.pid""");

    private final Time time;
    private final WalHistory history = new WalHistory();

    /** @param time by which age is measured */
    public ReplicaLag(Time time) {
        this.time = time;
    }

    /**
     * One row.
     *
     * @param here the server's position in the WAL
     * @param name of the replica; null where there is none
     * @param told seconds of lag as the replica measured it last
     */
    private record Seen(long here, @Nullable String name, String address, long replayed, double told) {
        static Seen of(ResultSet row) throws SQLException {
            return new Seen(
                    row.getLong("here"),
                    row.getString("name"),
                    String.valueOf(row.getString("address")),
                    row.getLong("replayed"),
                    row.getDouble("told"));
        }
    }

    @Override
    public String code() {
        return SignalKind.REPLICA_LAG.code();
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        List<Seen> rows = REPLICAS.on(connection, Seen::of);
        long now = time.nanos();
        rows.forEach(row -> history.add(now, row.here()));
        List<Seen> replicas = rows.stream().filter(row -> row.name() != null).toList();
        Map<String, Long> named =
                replicas.stream().collect(Collectors.groupingBy(r -> String.valueOf(r.name()), Collectors.counting()));
        List<Measurement> levels = new ArrayList<>();
        for (Seen replica : replicas) {
            String name = String.valueOf(replica.name());
            String subject = named.getOrDefault(name, 0L) > 1 ? name + " (" + replica.address() + ")" : name;
            long bytes = Math.max(0, replica.here() - replica.replayed());
            double seconds = bytes == 0 ? 0 : Math.max(history.secondsSince(replica.replayed(), now), replica.told());
            levels.add(Measurement.of("limit", subject, seconds, Amount.seconds(seconds)));
            levels.add(Measurement.of("bytes", subject, bytes, Amount.bytes(bytes)));
        }
        return levels;
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return StatsPrivilege.missing(connection, "how far replicas are");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ReplicaLag;
    }

    @Override
    public int hashCode() {
        return ReplicaLag.class.hashCode();
    }
}
