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
 *
 * <p>Two figures, of which the larger one counts. The mean of the counts is right in the long run, but where statements
 * are short and seldom all counts of some seconds may miss them. The time that each session's last statement took is
 * never missed, since the server shows it until the next one begins, but where there are several between two counts it
 * is too little, and what the statement waited for is in it. A session that is gone before it is looked at has neither.
 */
final class Activity implements DatabaseSource {
    private static final String OTHERS = """
              FROM pg_catalog.pg_stat_activity a
             WHERE a.backend_type IN ('client backend', 'parallel worker')
               AND a.application_name <> 'sluice' AND a.pid <> pg_catalog.pg_backend_pid()""";

    /** Who does not tell, since {@code track_activities} is off for it, waits for its client while it is idle. */
    private static final String IS_BUSY = "a.state IN ('active', 'disabled')"
            + " AND a.wait_event_type IS DISTINCT FROM 'Client' AND a.wait_event_type IS DISTINCT FROM 'Lock'";

    /** Counts sessions of others that are busy, {@code a}; {@link ActiveSessions} counts fewer of them. */
    static final String BUSY_OTHERS = "SELECT count(*)\n" + OTHERS + "\n AND " + IS_BUSY;

    /**
     * How many are busy now, and for how many microseconds those that are not were at the statement that they have
     * ended in the microseconds that are given, waits included. A session that never had one, after a login, has no
     * {@code query_start}.
     */
    private static final Query BUSY = new Query("SELECT count(*) FILTER (WHERE " + IS_BUSY + """
            ), coalesce(sum(1e6 * extract(epoch FROM a.state_change - greatest(a.query_start, l.since)))
                     FILTER (WHERE a.state NOT IN ('active', 'disabled')
                               AND a.state_change > l.since AND a.query_start IS NOT NULL), 0)::bigint
              FROM (SELECT pg_catalog.clock_timestamp() - ? * interval '1 microsecond') AS l (since),
                   LATERAL (SELECT a.*
            """ + OTHERS + ") AS a");

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

    /**
     * What one look has seen.
     *
     * @param sessions that were busy
     * @param micros that others were at their last statement, since the look before
     */
    private record Count(long nanos, long sessions, long micros) {}

    Activity(Time time) {
        this.time = time;
    }

    @Override
    public String code() {
        return CoreBudget.CODE;
    }

    /** The mean; nothing until there are {@value #ENOUGH} counts. */
    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        long now = time.nanos();
        long since = newest.isEmpty() ? 0 : (now - newest.getLast().nanos()) / 1000;
        Count count = BUSY.single(connection, row -> new Count(now, row.getLong(1), row.getLong(2)), since);
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
        double sessions = Math.max(counted(), ended());
        return List.of(Measurement.of("sessions", "", sessions, Amount.cut(sessions, 1)));
    }

    private double counted() {
        return newest.stream().mapToLong(Count::sessions).average().orElse(0);
    }

    /** By the statements that have ended since the oldest count that is remembered. */
    private double ended() {
        long nanos = newest.getLast().nanos() - newest.getFirst().nanos();
        long micros = newest.stream().skip(1).mapToLong(Count::micros).sum();
        return nanos <= 0 ? 0 : 1000.0 * micros / nanos;
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
