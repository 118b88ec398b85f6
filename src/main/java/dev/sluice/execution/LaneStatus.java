package dev.sluice.execution;

import dev.sluice.run.LaneId;
import dev.sluice.run.LaneTable;
import dev.sluice.run.RunStatus;
import dev.sluice.throttle.Verdict;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a worker knows of a lane it carries and the checkpoints do not hold: its rate, the next batch's size, what holds
 * it. Written by the carrying thread, read by the heartbeat.
 */
final class LaneStatus {
    /** Half-life of the smoothed rate, so that it follows a change within a few seconds. */
    private static final double HALF_LIFE_SECONDS = 5;

    private final LaneId lane;
    private final String job;
    private final String database;
    /** Faded sums: a short first batch, before its wait, must not count like a long one. */
    private double keysLately;

    private double secondsLately;
    private volatile @Nullable Double rate;
    private volatile @Nullable Integer nextBatch;
    private volatile @Nullable Integer stripes;
    private volatile RunStatus.@Nullable Limit limit;
    private volatile boolean lost;
    private volatile boolean stopNoted;
    private volatile LaneTable.Company company = new LaneTable.Company(1, 1);

    private final TimeSpent spent;
    private volatile @Nullable Double pace;
    private volatile List<Verdict> verdicts = List.of();

    LaneStatus(LaneId lane, String job, String database, Time time) {
        this.lane = lane;
        this.job = job;
        this.database = database;
        this.spent = new TimeSpent(time);
    }

    /** Where its time goes. */
    TimeSpent spent() {
        return spent;
    }

    /** Share of time it may work, 0 to 1; null before the first batch. */
    @Nullable
    Double pace() {
        return pace;
    }

    /** What the signals said last. */
    List<Verdict> verdicts() {
        return verdicts;
    }

    void verdicts(List<Verdict> now) {
        verdicts = now;
    }

    void pace(double share) {
        pace = share;
    }

    String job() {
        return job;
    }

    /** The configured name of the target. */
    String database() {
        return database;
    }

    LaneId lane() {
        return lane;
    }

    UUID run() {
        return lane.run();
    }

    /** Lanes of the run that share its rates, at least 1. */
    int lanesAlive() {
        return Math.max(1, company.ofRun());
    }

    /** Lanes of all runs on the same database, which share its rates, at least 1. */
    int lanesOnDatabase() {
        return Math.max(1, company.onDatabase());
    }

    void shares(LaneTable.Company now) {
        company = now;
    }

    /**
     * After a batch.
     *
     * @param keys walked
     * @param elapsed since the batch before it was committed, waits included
     * @param limit keys per second that this lane may walk; the first batches are fast, and owe their waits yet
     */
    void progressed(long keys, Duration elapsed, double limit) {
        double seconds = elapsed.toNanos() / 1e9;
        if (seconds <= 0) {
            return;
        }
        double keep = Math.pow(0.5, seconds / HALF_LIFE_SECONDS);
        keysLately = keysLately * keep + keys;
        secondsLately = secondsLately * keep + seconds;
        rate = Math.min(limit, keysLately / secondsLately);
    }

    /** A new pass does other work: it has its own pace and begins with small batches again. */
    void newPass() {
        keysLately = 0;
        secondsLately = 0;
        nextBatch = null;
        stripes = null;
        rate = null;
        limit = null;
        pace = null;
        verdicts = List.of();
    }

    /** Nothing to walk now: others walk the last partitions. */
    void idle() {
        rate = null;
        limit = null;
        pace = null;
        verdicts = List.of();
    }

    /**
     * @param size keys of the next batch
     * @param number of stripes the next range is walked in
     */
    void next(int size, int number) {
        nextBatch = size;
        stripes = number;
    }

    /** Stripes of the next range; null before there is one. */
    @Nullable
    Integer stripes() {
        return stripes;
    }

    void limitedBy(RunStatus.@Nullable Limit now) {
        limit = now;
    }

    @Nullable
    Double rate() {
        return rate;
    }

    @Nullable
    Integer nextBatch() {
        return nextBatch;
    }

    RunStatus.@Nullable Limit limit() {
        return limit;
    }

    /** @param is whether the control database has the note that all runs are stopped */
    void stopNoted(boolean is) {
        stopNoted = is;
    }

    boolean isStopNoted() {
        return stopNoted;
    }

    /** Another worker carries the lane now. */
    void lose() {
        lost = true;
    }

    boolean isLost() {
        return lost;
    }
}
