package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.throttle.Measurement.Better;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * For how long a vacuum has been at work on a table, or on a leaf of it: the batches make new work for it as it goes.
 * One that prevents wraparound must not be kept from its end, and holds the run.
 *
 * @param table its oid
 */
public record Autovacuum(long table) implements DatabaseSource {
    /**
     * Vacuums on the table; bound: oid, oid. A vacuum has a transaction of its own for each table. What an autovacuum
     * worker shows as its query, the server wrote.
     */
    private static final Query AT_WORK = new Query("""
            SELECT v.relid::pg_catalog.regclass::text AS name,
                   greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start))::float8 AS age,
                   a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)' AS urgent
              FROM pg_catalog.pg_stat_progress_vacuum v JOIN pg_catalog.pg_stat_activity a ON a.pid = v.pid
             WHERE v.datname = pg_catalog.current_database() AND a.xact_start IS NOT NULL
               AND (v.relid = ?::oid
                    OR v.relid IN (SELECT p.relid::oid FROM pg_catalog.pg_partition_tree(?::oid) p))
             ORDER BY 2 DESC""");

    @Override
    public String code() {
        return SignalKind.AUTOVACUUM.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(10);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        return AT_WORK.on(connection, Autovacuum::level, table, table);
    }

    private static Measurement level(ResultSet row) throws SQLException {
        boolean urgent = row.getBoolean("urgent");
        double age = row.getDouble("age");
        String text = "at work for " + Amount.seconds(age) + (urgent ? " to prevent wraparound" : "");
        return new Measurement("limit", row.getString("name"), age, text, Better.LESS, urgent);
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return StatsPrivilege.missing(connection, "what autovacuum works on");
    }
}
