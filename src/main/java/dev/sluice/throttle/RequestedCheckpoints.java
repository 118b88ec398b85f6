package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many checkpoints of the last five minutes were asked for, by the amount of WAL or by somebody, and not by the
 * clock: each makes the next change of every page write the whole page to the WAL again.
 */
public final class RequestedCheckpoints implements DatabaseSource {
    private static final Duration SPAN = Duration.ofMinutes(5);
    private static final int OWN_VIEW = 17;
    private static final Query SINCE_17 = new Query("SELECT c.num_requested FROM pg_catalog.pg_stat_checkpointer c");
    private static final Query UP_TO_16 = new Query("SELECT b.checkpoints_req FROM pg_catalog.pg_stat_bgwriter b");

    private final Time time;
    private final RecentCount requested = new RecentCount(SPAN);

    /** @param time by which the five minutes pass */
    public RequestedCheckpoints(Time time) {
        this.time = time;
    }

    @Override
    public String code() {
        return SignalKind.CHECKPOINTS.code();
    }

    @Override
    public Duration every() {
        return Duration.ofSeconds(5);
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        Query query = connection.getMetaData().getDatabaseMajorVersion() >= OWN_VIEW ? SINCE_17 : UP_TO_16;
        long counter = query.single(connection, row -> row.getLong(1));
        long count = requested.read(time.nanos(), counter);
        return List.of(Measurement.of("limit", "", count, count + " in 5m"));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RequestedCheckpoints;
    }

    @Override
    public int hashCode() {
        return RequestedCheckpoints.class.hashCode();
    }
}
