package dev.sluice.execution;

import dev.sluice.database.ErrorKind;
import dev.sluice.database.SqlFailure;
import dev.sluice.metrics.RunMeters;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.Retries;
import dev.sluice.run.RunStatus;
import dev.sluice.time.Time;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Tries a step again after errors that pass, and holds without limit while the database is away, read-only or full. */
final class RetryLoop {
    /** While the database is away it is asked again at least this often. */
    private static final Duration LONGEST_AWAY = Duration.ofSeconds(5);
    /** A lock that was not to be had is tried again at least this often: whoever has it may be gone by then. */
    private static final Duration LONGEST_LOCKED = Duration.ofSeconds(3);

    private final Retries retries;
    private final RunMeters meters;
    private final Time time;
    private final LaneStatus laneStatus;
    private final LaneWaits waits;
    /** A connection was lost, and nobody has looked since whether the same database answers. */
    private boolean lost;

    RetryLoop(Retries retries, RunMeters meters, Time time, LaneStatus laneStatus) {
        this.retries = retries;
        this.meters = meters;
        this.time = time;
        this.laneStatus = laneStatus;
        this.waits = new LaneWaits(meters, time, laneStatus);
    }

    /** The waits of the lane, those between its tries among them. */
    LaneWaits waits() {
        return waits;
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
                    waits.released();
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
        waits.count(); // the try that has just failed
        Duration pause = attempt.next(failure.kind(), thrown)
                .orElseThrow(() -> new RunFailed(Failures.of(failure, attempt.failures(), batch)));
        triesAgain(failure);
        if (failure.kind().holds()) {
            pause = atMost(LONGEST_AWAY, pause);
        } else if (failure.lockTimeout()) {
            pause = atMost(LONGEST_LOCKED, pause);
        }
        waits.hold(
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
        meters.recordRetry(
                laneStatus.job(), laneStatus.database(), failure.kind().name().toLowerCase(Locale.ROOT));
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
}
