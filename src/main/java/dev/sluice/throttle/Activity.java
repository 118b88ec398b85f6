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
     * A single count says little: short statements are seen by chance. The value is the mean of so long, and of
     * {@link #ENOUGH} counts at least where the sampler has to read less often; a longer memory would have batches at
     * full speed for longer beside an application that comes. Chosen, not measured.
     */
    private static final Duration MEMORY = Duration.ofSeconds(5);

    /**
     * The sampler looks a hundred milliseconds after it has read, so this comes to three counts in one second and some
     * sixteen in {@link #MEMORY}, at a small part of the sampler's cost.
     */
    private static final Duration EVERY = Duration.ofMillis(250);

    /** Until there are {@link #ENOUGH}: as often as the sampler looks. */
    private static final Duration AT_FIRST = Duration.ofMillis(100);

    /**
     * Fewer counts say nothing: an application whose statements are short is seen by half of them or fewer, and one of
     * which three in a row see nothing would have batches at full speed. Ten miss one that half of them see once in a
     * thousand times.
     */
    static final int ENOUGH = 10;

    private final Time time;
    private final Deque<Count> newest = new ArrayDeque<>();
    private volatile Duration every = AT_FIRST;

    private record Count(long nanos, long sessions) {}

    Activity(Time time) {
        this.time = time;
    }

    @Override
    public String code() {
        return CoreBudget.CODE;
    }

    /** The mean; nothing until there are {@value #ENOUGH} counts. */
    @Override
    public List<Level> read(Connection connection) throws SQLException {
        Count count = new Count(time.nanos(), BUSY.single(connection, row -> row.getLong(1)));
        if (!newest.isEmpty() && isOld(newest.getLast(), count)) {
            newest.clear(); // nobody has watched in between
        }
        newest.addLast(count);
        while (newest.size() > ENOUGH && isOld(newest.getFirst(), count)) {
            newest.removeFirst();
        }
        if (newest.size() < ENOUGH) {
            every = AT_FIRST;
            return List.of();
        }
        every = EVERY;
        double mean = newest.stream().mapToLong(Count::sessions).average().orElse(0);
        return List.of(Level.of("sessions", "", mean, Amount.cut(mean, 1)));
    }

    private static boolean isOld(Count then, Count now) {
        return now.nanos() - then.nanos() >= MEMORY.toNanos();
    }

    @Override
    public Duration every() {
        return every;
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
