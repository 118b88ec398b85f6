package dev.sluice.resilience;

import dev.sluice.database.ErrorKind;
import io.github.resilience4j.core.IntervalFunction;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import io.github.resilience4j.retry.RetryRegistry;
import java.time.Duration;
import java.util.Optional;

/**
 * Whether a piece of work is tried again after an error, and after which wait.
 *
 * <p>Errors of the database's state or load are retried without limit, unknown ones a few times, errors of the data or
 * the definition never. Waits double from {@link RetrySettings#firstWait} on, each is jittered by up to half, and none
 * is longer than {@link RetrySettings#maxWait}, so that workers that failed together do not come back together.
 *
 * <p>Resilience4j counts under two names: {@code <name>} for what is retried without limit, {@code <name>-limited} for
 * the rest.
 */
public final class Retries {
    private static final double JITTER = 0.5;

    private final RetryRegistry registry;
    private final RetryConfig patient;
    private final RetryConfig limited;

    public Retries(RetrySettings settings) {
        IntervalFunction waits = waits(settings);
        this.patient = RetryConfig.custom()
                .maxAttempts(Integer.MAX_VALUE)
                .intervalFunction(waits)
                .build();
        this.limited = RetryConfig.custom()
                .maxAttempts(settings.attempts())
                .intervalFunction(waits)
                .retryOnException(thrown -> !(thrown instanceof Final))
                .build();
        this.registry = RetryRegistry.of(patient);
    }

    /** Growth is capped before the jitter, so that waits stay spread out however long an outage lasts. */
    private static IntervalFunction waits(RetrySettings settings) {
        long max = settings.maxWait().toMillis();
        long cap = Math.max(1, (long) (max / (1 + JITTER)));
        IntervalFunction growth =
                IntervalFunction.ofExponentialBackoff(settings.firstWait().toMillis(), 2, cap);
        return tries -> Math.min(
                max, IntervalFunction.ofRandomized(growth.apply(tries), JITTER).apply(tries));
    }

    /**
     * Begins a piece of work that may fail several times before it succeeds.
     *
     * @param name of the kind of work, for the meters, such as {@code batch}; few names, never a job's or a key
     */
    public Attempt begin(String name) {
        return new Attempt(registry.retry(name, patient), registry.retry(name + "-limited", limited));
    }

    /** For binding its meters. */
    public RetryRegistry registry() {
        return registry;
    }

    /** One piece of work and its failures in a row. For one thread. */
    public static final class Attempt {
        private final Retry patient;
        private final Retry limited;
        private Retry.AsyncContext<Object> endless;
        private Retry.AsyncContext<Object> few;
        private int failures;
        private int unknown;

        private Attempt(Retry patient, Retry limited) {
            this.patient = patient;
            this.limited = limited;
            this.endless = patient.asyncContext();
            this.few = limited.asyncContext();
        }

        /**
         * Tells of a failure and asks what now.
         *
         * @param kind what the error means
         * @param thrown the error
         * @return the wait before the next try; empty when there shall be none
         */
        public Optional<Duration> next(ErrorKind kind, Throwable thrown) {
            long millis = switch (kind) {
                case AWAY, READ_ONLY, FULL, TIMEOUT, TRANSIENT -> endless.onError(thrown);
                case OTHER -> few.onError(thrown);
                case DATA, DEFINITION -> few.onError(new Final(thrown));
            };
            failures++;
            if (kind == ErrorKind.OTHER) {
                unknown++;
            }
            return millis < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(millis));
        }

        /** Whether a failure of this kind would be the last: after it, there is no other try. */
        public boolean endsAfter(ErrorKind kind) {
            return switch (kind) {
                case AWAY, READ_ONLY, FULL, TIMEOUT, TRANSIENT -> false;
                case OTHER -> unknown + 1 >= limited.getRetryConfig().getMaxAttempts();
                case DATA, DEFINITION -> true;
            };
        }

        /** Tells of a success: waits and tries begin anew. */
        public void succeeded() {
            if (unknown > 0) {
                few.onComplete();
                few = limited.asyncContext();
            }
            if (failures > unknown || unknown == 0) {
                endless.onComplete();
                endless = patient.asyncContext();
            }
            failures = 0;
            unknown = 0;
        }

        /** Failures since the last success. */
        public int failures() {
            return failures;
        }
    }

    /** Marks an error that no further try can fix. */
    private static final class Final extends Exception {
        Final(Throwable cause) {
            super(cause.getMessage(), cause, false, false);
        }
    }
}
