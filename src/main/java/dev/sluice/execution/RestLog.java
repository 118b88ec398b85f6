package dev.sluice.execution;

import dev.sluice.run.RunStatus;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs why a lane rests. It rests after every batch, for one reason and then for another, so most of it is left out.
 */
final class RestLog {
    private static final Logger LOG = LoggerFactory.getLogger(RestLog.class);
    /** Least time between two lines. */
    private static final long BETWEEN_LINES = Duration.ofSeconds(30).toNanos();
    /** Least time between two lines of the same reason. */
    private static final long SAME_REASON = Duration.ofMinutes(10).toNanos();
    /** A lane that has not rested for so long is at full speed. */
    private static final long FULL_SPEED = Duration.ofSeconds(5).toNanos();

    private final UUID run;
    private final String job;
    /** The reasons logged since the lane was last at full speed, and when each was; the last one last. */
    private final SequencedMap<String, Long> logged = new LinkedHashMap<>();

    private long restedAt;

    RestLog(UUID run, String job) {
        this.run = run;
        this.job = job;
    }

    /** @param now as {@link dev.sluice.time.Time#nanos} */
    void rests(RunStatus.Limit limit, long now) {
        restedAt = now;
        Long last = logged.isEmpty() ? null : logged.lastEntry().getValue();
        Long same = logged.get(limit.reason());
        if ((last == null || now - last >= BETWEEN_LINES) && (same == null || now - same >= SAME_REASON)) {
            LOG.info("run {} of {} is slowed by {}: {}", run, job, limit.reason(), limit.message());
            logged.putLast(limit.reason(), now);
        }
    }

    /** @param now as {@link dev.sluice.time.Time#nanos} */
    void doesNotRest(long now) {
        if (!logged.isEmpty() && now - restedAt >= FULL_SPEED) {
            LOG.info("run {} of {} goes at full speed again, after: {}", run, job, String.join(", ", logged.keySet()));
            logged.clear();
        }
    }
}
