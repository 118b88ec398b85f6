package dev.sluice.resilience;

import dev.sluice.problem.Problem;
import dev.sluice.time.Time;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * A limit of rows per second, as a debt: rows are worked first and paid for before the next batch.
 *
 * <p>The time a batch took, or a pause lasted, counts towards its rows, up to one second; so batches of any size reach
 * the limit over time and an idle run saves up no more than one second's rows. Resilience4j hands out the permits, in
 * periods of about 10 ms (longer below 100 rows a second); its clock is set to the moment at which the last rows were
 * paid.
 *
 * <p>Safe for several threads; made for one run.
 */
public final class RowRate implements AutoCloseable {
    private static final long SECOND = 1_000_000_000L;
    private static final int CHUNK = 1_000_000;
    private static final Duration FOREVER = Duration.ofDays(36_500);
    private static final long LIVE = -1;

    private final String name;
    private final RateLimiterRegistry registry;
    private final Time time;
    private final long start;
    /** Nanoseconds since {@link #start} that the limiter is to see; {@link #LIVE} for the present. */
    private volatile long at = LIVE;

    private volatile @Nullable RateLimiter limiter;
    private double rate;
    /** When all rows reserved so far are paid, nanoseconds since {@link #start}. */
    private long due;

    private RowRate(String name, RateLimiterRegistry registry, Time time) {
        this.name = name;
        this.registry = registry;
        this.time = time;
        this.start = time.nanos();
    }

    /**
     * Opens a limit, which {@link #close} takes away again.
     *
     * @param name for the meters: the job's
     * @param limit rows per second; empty for none
     * @param registry where it is found by those who bind meters
     */
    public static RowRate open(String name, OptionalDouble limit, RateLimiterRegistry registry, Time time) {
        var made = new RowRate(name, registry, time);
        made.limit(limit);
        return made;
    }

    /** Rows per second; empty for no limit. */
    public synchronized OptionalDouble limit() {
        return limiter == null ? OptionalDouble.empty() : OptionalDouble.of(rate);
    }

    /**
     * Changes the limit. What is still owed stays owed, and is paid at the new rate.
     *
     * @param limit rows per second, more than 0; empty for no limit
     * @throws Problem INVALID {@code bad-rows-per-second} below or at 0
     */
    public synchronized void limit(OptionalDouble limit) {
        if (limit.equals(limit())) {
            return;
        }
        if (limit.isPresent() && !(limit.getAsDouble() > 0)) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "bad-rows-per-second",
                    "A limit of " + limit.getAsDouble()
                            + " rows per second would never end. Give more than 0, or none.");
        }
        long now = now();
        long unpaid = (long) (Math.max(0, due - now) / (double) SECOND * rate);
        due = now;
        if (limit.isEmpty()) {
            limiter = null;
            registry.remove(name);
            return;
        }
        rate = limit.getAsDouble();
        limiter = limiter();
        reserve(unpaid);
    }

    private RateLimiter limiter() {
        int permits = (int) Math.max(1, rate / 100);
        var config = RateLimiterConfig.custom()
                .limitForPeriod(permits)
                .limitRefreshPeriod(Duration.ofNanos(Math.round(permits * SECOND / rate)))
                .timeoutDuration(FOREVER)
                .build();
        var made = new AtomicRateLimiter(name, config, () -> at == LIVE ? now() : at);
        made.drainPermissions();
        registry.rateLimiter(name, config);
        registry.replace(name, made);
        return made;
    }

    /**
     * Counts rows that were worked, and tells how long the next batch has to wait.
     *
     * @param rows worked since the last call; any number, 0 or less counts nothing
     * @return from now until all rows so far are paid; zero without a limit
     */
    public synchronized Duration reserve(long rows) {
        RateLimiter permits = limiter;
        if (permits == null) {
            return Duration.ZERO;
        }
        long now = now();
        due = Math.max(due, now - SECOND);
        try {
            for (long left = rows; left > 0; left -= CHUNK) {
                at = due;
                due += permits.reservePermission((int) Math.min(left, CHUNK));
            }
        } finally {
            at = LIVE;
        }
        return Duration.ofNanos(Math.max(0, due - now));
    }

    /**
     * How long the next batch has to wait from now, under the limit of now; for waits that are looked at in between.
     */
    public synchronized Duration owed() {
        return limiter == null ? Duration.ZERO : Duration.ofNanos(Math.max(0, due - now()));
    }

    private long now() {
        return time.nanos() - start;
    }

    /** Takes the limit and its meters away. */
    @Override
    public void close() {
        limit(OptionalDouble.empty());
    }
}
