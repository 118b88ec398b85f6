package dev.sluice.throttle;

import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many sessions of others are busy on the server: at work, or on their way to the disk. Who waits for its client or
 * for a lock is not. Not held against a limit: it tells {@link CoreBudget} whether anybody is there to feel the
 * batches.
 */
final class Activity implements DatabaseSource {
    private static final Query BUSY = new Query("""
            SELECT count(*)
              FROM pg_catalog.pg_stat_activity a
             WHERE a.backend_type IN ('client backend', 'parallel worker') AND a.state = 'active'
               AND a.application_name <> 'sluice' AND a.pid <> pg_catalog.pg_backend_pid()
               AND a.wait_event_type IS DISTINCT FROM 'Client' AND a.wait_event_type IS DISTINCT FROM 'Lock'""");

    /** An older reading has lost two thirds of its weight after so many seconds: a single count says little. */
    private static final double MEMORY = 10;

    private final Time time;
    private double smooth = Double.NaN;
    private long readAt;

    Activity(Time time) {
        this.time = time;
    }

    @Override
    public String code() {
        return CoreBudget.CODE;
    }

    @Override
    public List<Level> read(Connection connection) throws SQLException {
        long count = BUSY.single(connection, row -> row.getLong(1));
        long now = time.nanos();
        double weight = Double.isNaN(smooth) ? 1 : 1 - Math.exp(-(now - readAt) / 1e9 / MEMORY);
        smooth = (Double.isNaN(smooth) ? 0 : smooth) * (1 - weight) + count * weight;
        readAt = now;
        return List.of(Level.of("sessions", "", smooth, Amount.cut(smooth, 1)));
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return StatsPrivilege.missing(connection, "whether other sessions are at work");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Activity;
    }

    @Override
    public int hashCode() {
        return Activity.class.hashCode();
    }
}
