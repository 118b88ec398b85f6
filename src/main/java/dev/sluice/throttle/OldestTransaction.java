package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The age of the oldest transaction that keeps dead rows from being removed; prepared ones count. What holds the
 * horizon back without a transaction that has an age is not seen: a replica with {@code hot_standby_feedback}, and the
 * {@code xmin} of a slot.
 */
public record OldestTransaction() implements DatabaseSource {
    /**
     * The oldest one. A transaction that reads holds the horizon of its own database; one that has written holds that
     * of every other as soon as somebody takes a snapshot there. What vacuums is left out, as the server does.
     */
    private static final Query OLDEST = new Query("""
            SELECT t.who, greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - t.since))::float8 AS age
              FROM (SELECT 'pid ' || a.pid || coalesce(' (' || nullif(a.application_name, '') || ')', '') AS who,
                           a.xact_start AS since
                      FROM pg_catalog.pg_stat_activity a
                     WHERE (a.backend_xid IS NOT NULL
                            OR a.backend_xmin IS NOT NULL AND a.datname = pg_catalog.current_database())
                       AND a.xact_start IS NOT NULL
                       AND NOT (a.application_name = 'sluice' AND a.usename = session_user)
                       AND a.pid NOT IN (SELECT v.pid FROM pg_catalog.pg_stat_progress_vacuum v)
                    UNION ALL
                    SELECT 'prepared transaction ' || p.gid, p.prepared FROM pg_catalog.pg_prepared_xacts p) AS t
             ORDER BY t.since LIMIT 1""");

    @Override
    public String code() {
        return SignalKind.OLDEST_TRANSACTION.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(5);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        return OLDEST.on(
                connection,
                row -> Measurement.of(
                        "limit", row.getString("who"), row.getDouble("age"), Amount.seconds(row.getDouble("age"))));
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return StatsPrivilege.missing(connection, "since when other sessions' transactions are open");
    }
}
