package dev.sluice.throttle;

import dev.sluice.job.SignalKind;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long a commit takes that writes next to nothing: a canary. Its commit waits for the disk, and for synchronous
 * replicas, as the application's does; it touches no table and leaves no dead row. The way to the server and back is in
 * it, and in the baseline too.
 *
 * <p>It is held against what it was while no batch of this worker was at work on the database, and so tells what the
 * batches do to it and not how fast the disk is.
 */
public final class CommitLatency implements DatabaseSource {
    /** A message in the WAL that belongs to a transaction: the smallest one there is whose commit must be on disk. */
    private static final String CANARY = "SELECT pg_catalog.pg_logical_emit_message(true, 'sluice', '') IS NOT NULL";

    /**
     * After so many seconds it is cancelled. The server's own statement timeout does not reach a commit, and one that
     * waits for a synchronous replica that is away would keep every other signal from being read.
     */
    private static final int PATIENCE = 2;

    /** It has a fourth argument since 17. */
    private static final Query ALLOWED = new Query("""
            SELECT pg_catalog.has_function_privilege(p.oid, 'EXECUTE'),
                   p.oid::pg_catalog.regprocedure::text, pg_catalog.quote_ident(current_user)
              FROM pg_catalog.pg_proc p
             WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
               AND p.proname = 'pg_logical_emit_message' AND p.proargtypes[2] = 'text'::pg_catalog.regtype""");

    /**
     * Taken at once by the first reading, so that there is a baseline before the first batch; fewer where it is slow.
     */
    private static final int FIRST = 15;

    private static final Duration FIRST_LASTS = Duration.ofSeconds(1);
    /** The value is their median. */
    private static final int NEWEST = 5;

    private final Time time;
    private final BooleanSupplier busy;
    private final QuietTimes quiet = new QuietTimes();
    private final Deque<Double> newest = new ArrayDeque<>();
    private boolean begun;

    /**
     * @param time measures the canaries
     * @param busy whether a batch of this worker is in flight on the database
     */
    public CommitLatency(Time time, BooleanSupplier busy) {
        this.time = time;
        this.busy = busy;
    }

    @Override
    public String code() {
        return SignalKind.COMMIT_LATENCY.code();
    }

    @Override
    public List<Measurement> read(Connection connection) throws SQLException {
        long start = time.nanos();
        int taken = 0;
        do {
            canary(connection);
            taken++;
        } while (!begun && taken < FIRST && time.nanos() - start < FIRST_LASTS.toNanos());
        begun = true;
        double seconds = QuietTimes.median(newest);
        double baseline = quiet.median();
        String text = Amount.seconds(seconds)
                + (baseline > 0 ? " (quiet " + Amount.seconds(baseline) + ")" : " (not seen quiet yet)");
        return List.of(new Measurement("limit", "", seconds, text, Better.LESS, false, new Scale.TimesOf(baseline)));
    }

    private void canary(Connection connection) throws SQLException {
        boolean busyBefore = busy.getAsBoolean();
        long start = time.nanos();
        try (PreparedStatement statement = connection.prepareStatement(CANARY)) {
            statement.setQueryTimeout(PATIENCE);
            statement.execute();
        }
        long end = time.nanos();
        double seconds = (end - start) / 1e9;
        newest.addLast(seconds);
        if (newest.size() > NEWEST) {
            newest.removeFirst();
        }
        if (!busyBefore && !busy.getAsBoolean()) {
            quiet.add(end, seconds);
        }
    }

    /** It waits for the disk; the server does next to nothing for it. */
    @Override
    public boolean countsAsLoad() {
        return false;
    }

    @Override
    public Optional<Need> missing(Connection connection) throws SQLException {
        return ALLOWED.single(
                connection,
                row -> row.getBoolean(1)
                        ? Optional.empty()
                        : Optional.of(new Need(
                                "Role " + row.getString(3) + " may not run " + row.getString(2) + ".",
                                "GRANT EXECUTE ON FUNCTION pg_catalog." + row.getString(2) + " TO " + row.getString(3)
                                        + ";")));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof CommitLatency;
    }

    @Override
    public int hashCode() {
        return CommitLatency.class.hashCode();
    }
}
