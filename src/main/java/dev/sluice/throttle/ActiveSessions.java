package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How many sessions of others are at work, with their parallel workers, per core of the server; the mean of three
 * readings. Who waits for its client, for a lock or for its commit is not at work: the commits have a signal of their
 * own, and need no core meanwhile.
 */
public final class ActiveSessions implements DatabaseSource {
    private static final Query AT_WORK = new Query(Activity.BUSY_OTHERS + """

               AND pg_catalog.lower(coalesce(a.wait_event, '')) NOT IN ('walsync', 'walwrite', 'syncrep')""");

    private static final int SMOOTHED = 3;

    private final String database;
    private final OptionalInt given;
    private final Deque<Long> newest = new ArrayDeque<>();
    private OptionalInt cores;

    /**
     * @param database its name in the configuration, for the fix
     * @param cores of the server; empty where nobody said, and those that {@link ServerCores} sees are taken
     */
    public ActiveSessions(String database, OptionalInt cores) {
        this.database = database;
        this.given = cores;
        this.cores = cores;
    }

    @Override
    public String code() {
        return SignalKind.ACTIVE_SESSIONS.code();
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        if (cores.isEmpty()) {
            cores = OptionalInt.of(ServerCores.seen(connection)
                    .orElseThrow(() -> new SQLException("the cores of the server are not known", "55000")));
        }
        newest.addLast(AT_WORK.single(connection, row -> row.getLong(1)));
        if (newest.size() > SMOOTHED) {
            newest.removeFirst();
        }
        double sessions = newest.stream().mapToLong(Long::longValue).average().orElse(0);
        int of = cores.getAsInt();
        double value = sessions / of;
        String text =
                Amount.cut(value, 1) + " (" + Amount.cut(sessions, 1) + " on " + of + (of == 1 ? " core)" : " cores)");
        return List.of(Measurement.of("limit", "", value, text));
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        if (given.isEmpty() && ServerCores.seen(connection).isEmpty()) {
            return Optional.of(new Need(
                    "PostgreSQL does not tell how many cores its machine has.",
                    "set databases." + database + ".cores in the configuration."));
        }
        return StatsPrivilege.missing(connection, "whether other sessions are at work");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ActiveSessions a && a.database.equals(database) && a.given.equals(given);
    }

    @Override
    public int hashCode() {
        return 31 * database.hashCode() + given.hashCode();
    }
}
