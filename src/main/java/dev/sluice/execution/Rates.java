package dev.sluice.execution;

import dev.sluice.checkpoint.Tuning;
import dev.sluice.config.SizeText;
import dev.sluice.database.schema.tables.records.RunRecord;
import dev.sluice.resilience.RowRate;
import dev.sluice.resilience.RowRates;
import dev.sluice.run.RunStatus;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one lane may do in a second: its share of the run's limits and of the database's, in rows and in bytes of WAL.
 * The run's limits are shared evenly by its live lanes, the database's by the live lanes of all runs on it, on
 * whichever workers they are.
 *
 * <p>WAL is counted in kB, so that a budget of any size fits the permits of a {@link RowRate}.
 */
final class Rates implements AutoCloseable {
    static final String ROWS = "rows-per-second";
    static final String WAL = "wal-per-hour";
    static final String DATABASE_ROWS = "database-rows-per-second";
    static final String DATABASE_WAL = "database-wal-per-hour";

    private static final double HOUR_SECONDS = 3600;
    private static final int KB = 1000;
    /** Weight that what was written for a row before a batch has beside that batch: it follows within a few batches. */
    private static final double KEEP = 0.7;

    private final RowRate rowDebt;
    private final RowRate walDebt;
    private final String database;
    private final DatabaseLimits limits;
    private final LaneStatus laneStatus;
    private final Time time;
    private Optional<Bound> rowBound = Optional.empty();
    private Optional<Bound> walBound = Optional.empty();
    /** Bytes that are not a whole kB yet. */
    private long loose;
    /** Faded sums. */
    private double rowsLately;

    private double walLately;

    Rates(RowRates open, String name, String database, DatabaseLimits limits, LaneStatus laneStatus, Time time) {
        this.rowDebt = open.open(name);
        this.walDebt = open.open(name + ":wal");
        this.database = database;
        this.limits = limits;
        this.laneStatus = laneStatus;
        this.time = time;
    }

    /** Of a lane that is carried. */
    static Rates of(RunEnvironment world, RunRecord run, LaneStatus laneStatus) {
        String name = run.getJob()
                + (laneStatus.lane().conducts() ? "" : "/" + laneStatus.lane().lane());
        return new Rates(
                world.rates(),
                name,
                run.getDatabase(),
                world.limits().getOrDefault(run.getDatabase(), DatabaseLimits.NONE),
                laneStatus,
                world.time());
    }

    /**
     * Why the next batch waits, and for how long.
     *
     * @param limit as the status shows it
     * @param length from now
     */
    record Owed(RunStatus.Limit limit, Duration length) {}

    /**
     * One limit.
     *
     * @param code stable reason
     * @param limit as it was set: rows per second, or bytes an hour
     * @param share of it that is this lane's
     * @param message for people
     */
    private record Bound(String code, double limit, double share, String message) {
        static Optional<Bound> narrower(Optional<Bound> a, Optional<Bound> b) {
            return Stream.of(a, b).flatMap(Optional::stream).min((x, y) -> Double.compare(x.share, y.share));
        }
    }

    /** From now on the limits are these, and the shares as many as there are lanes now. What is owed stays owed. */
    void follow(Tuning tuning) {
        int run = laneStatus.lanesAlive();
        int all = laneStatus.lanesOnDatabase();
        rowBound = Bound.narrower(
                Optional.ofNullable(tuning.rowsPerSecond())
                        .map(r -> new Bound(ROWS, r, (double) r / run, "paced to " + r + " rows/s")),
                limits.rowsPerSecond()
                        .map(r -> new Bound(DATABASE_ROWS, r, (double) r / all, shared(r + " rows/s", all))));
        walBound = Bound.narrower(
                Optional.ofNullable(tuning.walPerHour())
                        .map(w -> new Bound(WAL, w, (double) w / run, "paced to " + wal(w))),
                limits.walPerHour().map(w -> new Bound(DATABASE_WAL, w, (double) w / all, shared(wal(w), all))));
        rowDebt.limit(rowBound.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(rows()));
        walDebt.limit(walBound.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(walPerSecond() / KB));
    }

    private static String wal(long perHour) {
        return SizeText.format(perHour) + " of WAL an hour";
    }

    private String shared(String what, int lanes) {
        return "paced to the " + what + " of database \"" + database + "\""
                + (lanes == 1 ? "" : ", which " + lanes + " lanes share");
    }

    /** Rows per second that this lane may walk; infinite without a limit. */
    double rows() {
        return rowBound.map(Bound::share).orElse(Double.POSITIVE_INFINITY);
    }

    /** Bytes. */
    private double walPerSecond() {
        return walBound.map(b -> b.share / HOUR_SECONDS).orElse(Double.POSITIVE_INFINITY);
    }

    /**
     * Rows that are worth about a second of the limits, at least 1; of the WAL, as rows have cost lately. Null without
     * a limit.
     */
    @Nullable
    Integer rowsASecond() {
        double byWal = walLately > 0 ? walPerSecond() * rowsLately / walLately : Double.POSITIVE_INFINITY;
        double most = Math.min(rows(), byWal);
        return Double.isInfinite(most) ? null : (Integer) (int) Math.max(1, most);
    }

    /** What is owed longer; empty when the next batch may begin. */
    Optional<Owed> owed() {
        Duration rows = rowDebt.owed();
        Duration wal = walDebt.owed();
        boolean byRows = rows.compareTo(wal) >= 0;
        Duration length = byRows ? rows : wal;
        Double value = byRows ? laneStatus.rate() : walPerHourLately();
        return (byRows ? rowBound : walBound)
                .filter(b -> length.isPositive())
                .map(b -> new Owed(new RunStatus.Limit(b.code, b.message, value, b.limit, time.now()), length));
    }

    /** Of this lane: its rows per second, at what a row has cost lately. */
    private @Nullable Double walPerHourLately() {
        Double rate = laneStatus.rate();
        return rate == null || rowsLately == 0 ? null : Double.valueOf(rate * walLately / rowsLately * HOUR_SECONDS);
    }

    /**
     * Counts what a batch has done.
     *
     * @param rows walked
     * @param walBytes written meanwhile
     */
    void worked(long rows, long walBytes) {
        rowDebt.reserve(rows);
        loose += walBytes;
        walDebt.reserve(loose / KB);
        loose %= KB;
        rowsLately = rowsLately * KEEP + rows;
        walLately = walLately * KEEP + walBytes;
    }

    @Override
    public void close() {
        rowDebt.close();
        walDebt.close();
    }
}
