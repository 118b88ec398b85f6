package dev.sluice.execution;

import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.metrics.RunMeters;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.Retries;
import dev.sluice.run.RunStatus;
import dev.sluice.time.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tries a step again after errors that pass, and holds without limit while the database is away, read-only or full.
 * Every wait is told: in the status, the meters and, once per hold, the log.
 */
final class RetryLoop {
    private static final Logger LOG = LoggerFactory.getLogger(RetryLoop.class);
    /** Rests come with every batch, for one reason and then for another: a line for them at most so often. */
    private static final long REST_LINES = Duration.ofSeconds(30).toNanos();
    /** A reason that goes on, or takes turns with another, is told again after so long. */
    private static final long SAME_REASON = Duration.ofMinutes(10).toNanos();
    /** Without a rest for so long, the lane is at full speed. */
    private static final long FULL_SPEED = Duration.ofSeconds(5).toNanos();
    /** While the database is away it is asked again at least this often. */
    private static final Duration LONGEST_AWAY = Duration.ofSeconds(5);
    /** A lock that was not to be had is tried again at least this often: whoever has it may be gone by then. */
    private static final Duration LONGEST_LOCKED = Duration.ofSeconds(3);
    /** A wait is cut into pieces, so that a lost run is noticed within one. */
    private static final Duration PIECE = Duration.ofMillis(500);

    private final Retries retries;
    private final RunMeters meters;
    private final Time time;
    private final String job;
    private final String database;
    private final LaneStatus laneStatus;
    /** What holds the run, from the first failure to the release, tries included; null for nothing. */
    private @Nullable String holding;
    /** Up to when that has been counted. */
    private long counted;
    /** The run rests between batches, and {@link LaneStatus#limit} says why. */
    private boolean resting;
    /**
     * Why it has rested since it was last at full speed, as far as that is logged, and when it was; the last one last.
     */
    private final SequencedMap<String, Long> restLogged = new LinkedHashMap<>();

    private long restedAt;
    /** A connection was lost, and nobody has looked since whether the same database answers. */
    private boolean lost;

    RetryLoop(Retries retries, RunMeters meters, Time time, LaneStatus laneStatus) {
        this.retries = retries;
        this.meters = meters;
        this.time = time;
        this.job = laneStatus.job();
        this.database = laneStatus.database();
        this.laneStatus = laneStatus;
    }

    /** Begins a step that is tried again. */
    Retries.Attempt begin(String name) {
        return retries.begin(name);
    }

    /**
     * Does a step until it succeeds.
     *
     * @throws RunFailed when no further try can help
     */
    <T> T insist(String name, Callable<T> step) throws Stop, RunFailed, InterruptedException {
        Retries.Attempt attempt = begin(name);
        while (true) {
            try {
                T result = step.call();
                if (attempt.failures() > 0) {
                    released();
                }
                attempt.succeeded();
                return result;
            } catch (Stop | RunFailed | InterruptedException e) {
                throw e;
            } catch (Problem e) {
                // what the database said decides; where it said nothing, it is away
                Optional<SqlFailure> behind = SqlFailure.in(e);
                if (behind.isEmpty() && e.kind() != Problem.Kind.UNAVAILABLE) {
                    throw new RunFailed(new RunStatus.Failure(e.code(), e.getMessage(), null, null, null, null));
                }
                waitAfter(
                        attempt,
                        behind.orElseGet(() -> new SqlFailure(ErrorKind.AWAY, "08000", e.getMessage(), null, null)),
                        e,
                        FailedBatch.UNKNOWN);
            } catch (Exception e) {
                waitAfter(attempt, failure(e), e, FailedBatch.UNKNOWN);
            }
        }
    }

    /** The SQL error in this, or the error itself as one of a kind nobody knows. */
    static SqlFailure failure(Exception e) {
        return SqlFailure.in(e)
                .orElseGet(() -> new SqlFailure(ErrorKind.OTHER, "XX000", String.valueOf(e), null, null));
    }

    /**
     * Waits as the error asks for.
     *
     * @param batch that failed, for the person who puts it right
     * @throws RunFailed when there is nothing to wait for
     */
    void waitAfter(Retries.Attempt attempt, SqlFailure failure, Exception thrown, FailedBatch batch)
            throws RunFailed, Stop, InterruptedException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("asked to stop");
        }
        if (failure.kind() == ErrorKind.AWAY) {
            lost = true;
        }
        count(); // the try that has just failed
        Duration pause = attempt.next(failure.kind(), thrown)
                .orElseThrow(() -> new RunFailed(Failures.of(failure, attempt.failures(), batch)));
        triesAgain(failure);
        if (failure.kind().holds()) {
            pause = atMost(LONGEST_AWAY, pause);
        } else if (failure.lockTimeout()) {
            pause = atMost(LONGEST_LOCKED, pause);
        }
        hold(
                new RunStatus.Limit(
                        reason(failure.kind()),
                        failure + "; try " + (attempt.failures() + 1) + " in " + pause.toMillis() + " ms",
                        null,
                        null,
                        time.now()),
                pause);
    }

    /** Counts a try after an error. */
    void triesAgain(SqlFailure failure) {
        meters.recordRetry(job, database, failure.kind().name().toLowerCase(Locale.ROOT));
    }

    /** A pause that is cut short stays jittered: lanes that failed together must not come back together. */
    private static Duration atMost(Duration longest, Duration pause) {
        long half = longest.toMillis() / 2;
        return pause.compareTo(longest) <= 0 ? pause : Duration.ofMillis(half + pause.toMillis() % half);
    }

    private static String reason(ErrorKind kind) {
        return switch (kind) {
            case AWAY -> "database-away";
            case READ_ONLY -> "database-read-only";
            case FULL -> "database-full";
            case TIMEOUT -> "retry-timeout";
            case TRANSIENT -> "retry-transient";
            case DATA, DEFINITION, OTHER -> "retry";
        };
    }

    /**
     * Holds for a stated reason: nothing is done until it is over. What follows is still part of the hold, until
     * {@link #released}.
     *
     * @throws Stop when another worker has taken the run meanwhile
     */
    void hold(RunStatus.Limit limit, Duration length) throws Stop, InterruptedException {
        if (tell(limit)) {
            LOG.info("run {} of {} holds: {}: {}", laneStatus.run(), job, limit.reason(), limit.message());
        }
        resting = false;
        count();
        holding = limit.reason();
        pause(limit, length, TimeSpent.On.HELD);
    }

    /**
     * Rests before the next batch, for a stated reason.
     *
     * @throws Stop when another worker has taken the run meanwhile
     */
    void rest(RunStatus.Limit limit, Duration length) throws Stop, InterruptedException {
        count();
        holding = null; // the wait after an error is over
        tell(limit);
        restedAt = time.nanos();
        if (isNews(limit.reason())) {
            LOG.info("run {} of {} is slowed by {}: {}", laneStatus.run(), job, limit.reason(), limit.message());
            restLogged.putLast(limit.reason(), restedAt);
        }
        resting = true;
        pause(limit, length, TimeSpent.On.PACED);
    }

    private boolean isNews(String reason) {
        Long last = restLogged.isEmpty() ? null : restLogged.lastEntry().getValue();
        Long same = restLogged.get(reason);
        return (last == null || restedAt - last >= REST_LINES) && (same == null || restedAt - same >= SAME_REASON);
    }

    /** Shows what limits the run now; whether the reason is a new one. */
    private boolean tell(RunStatus.Limit limit) {
        RunStatus.Limit before = laneStatus.limit();
        boolean same = before != null && before.reason().equals(limit.reason());
        Instant since = before != null && same ? before.since() : limit.since();
        laneStatus.limitedBy(limit.since(since));
        return !same;
    }

    private void pause(RunStatus.Limit limit, Duration length, TimeSpent.On on) throws Stop, InterruptedException {
        long begin = time.nanos();
        laneStatus.spent().turn(on);
        try {
            Duration left = length;
            while (left.isPositive()) {
                requireMine();
                Duration piece = left.compareTo(PIECE) < 0 ? left : PIECE;
                time.pause(piece);
                left = left.minus(piece);
            }
            requireMine();
        } finally {
            meters.recordHold(job, database, limit.reason(), (time.nanos() - begin) / 1e9);
            counted = time.nanos();
            laneStatus.spent().turn(holding == null ? TimeSpent.On.WORKING : TimeSpent.On.HELD);
        }
    }

    /** Counts what has passed since the last count, if the run is held. */
    private void count() {
        long now = time.nanos();
        String reason = holding;
        if (reason != null && now > counted) {
            meters.recordHold(job, database, reason, (now - counted) / 1e9);
        }
        counted = now;
    }

    /** Something is not as it was left: another database may answer, though no lost connection was seen. */
    void doubt() {
        lost = true;
    }

    /** Whether a connection was lost since this was asked last. */
    boolean lostConnection() {
        boolean was = lost;
        lost = false;
        return was;
    }

    private void requireMine() throws Stop {
        if (laneStatus.isLost()) {
            throw new Stop(Stop.Reason.FENCED);
        }
    }

    /** A step has succeeded: whatever held the run is over. A rest is left to {@link #rested}. */
    void released() {
        count();
        holding = null;
        laneStatus.spent().turn(TimeSpent.On.WORKING);
        RunStatus.Limit before = laneStatus.limit();
        if (before != null && !resting) {
            laneStatus.limitedBy(null);
            LOG.info("run {} of {} goes on after: {}", laneStatus.run(), job, before.reason());
        }
    }

    /** The next batch needs no rest: the lane goes at full speed. */
    void rested() {
        if (resting) {
            resting = false;
            laneStatus.limitedBy(null);
        }
        if (!restLogged.isEmpty() && time.nanos() - restedAt >= FULL_SPEED) {
            LOG.info(
                    "run {} of {} goes at full speed again, after: {}",
                    laneStatus.run(),
                    job,
                    String.join(", ", restLogged.keySet()));
            restLogged.clear();
        }
    }
}
