package dev.sluice.throttle;

import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How many sessions of others are busy on the server: at work, or on their way to the disk. Who waits for its client or
 * for a lock is not. Not held against a limit: it tells {@link CoreBudget} whether anybody is there to feel the
 * batches.
 */
final class Activity implements DatabaseSource {
    /** Counts sessions of others that are busy, {@code a}; {@link ActiveSessions} counts fewer of them. */
    static final String OTHERS = """
            SELECT count(*)
              FROM pg_catalog.pg_stat_activity a
             WHERE a.backend_type IN ('client backend', 'parallel worker') AND a.state = 'active'
               AND a.application_name <> 'sluice' AND a.pid <> pg_catalog.pg_backend_pid()
               AND a.wait_event_type IS DISTINCT FROM 'Client' AND a.wait_event_type IS DISTINCT FROM 'Lock'""";

    private static final Query BUSY = new Query(OTHERS);

    /**
     * A single count says little: short statements are seen by chance. The value is the mean of the last twenty; a
     * longer memory would have batches at full speed for longer beside an application that comes. Chosen, not measured.
     */
    private static final Duration MEMORY = Duration.ofSeconds(5);

    /** Four times in one second, which makes twenty counts of {@link #MEMORY} at a small part of the sampler's cost. */
    private static final Duration EVERY = Duration.ofMillis(250);

    private final Time time;
    private final Deque<Count> newest = new ArrayDeque<>();

    private record Count(long nanos, long sessions) {}

    Activity(Time time) {
        this.time = time;
    }

    @Override
    public String code() {
        return CoreBudget.CODE;
    }

    @Override
    public List<Level> read(Connection connection) throws SQLException {
        newest.addLast(new Count(time.nanos(), BUSY.single(connection, row -> row.getLong(1))));
        newest.removeIf(c -> newest.getLast().nanos() - c.nanos() >= MEMORY.toNanos());
        double mean = newest.stream().mapToLong(Count::sessions).average().orElse(0);
        return List.of(Level.of("sessions", "", mean, Amount.cut(mean, 1)));
    }

    @Override
    public Duration every() {
        return EVERY;
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return StatsPrivilege.missing(connection, "whether other sessions are at work");
    }

    @Override
    public String whenMissing() {
        return "cannot be seen, so it is taken that others are at work";
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
