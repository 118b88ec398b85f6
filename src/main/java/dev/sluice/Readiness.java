package dev.sluice;

import dev.sluice.database.Database;
import dev.sluice.database.SqlFailure;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Whether a database answers, told within two seconds: whoever asks if a worker is ready has less patience than the
 * pool, which waits {@code connect-timeout} for a connection.
 */
class Readiness implements Supplier<Optional<String>> {
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Runnable question;
    private final Duration patience;
    /** Why it did not answer the last time. */
    private volatile String cause = "";

    /**
     * @param question throws where it is not answered
     * @param patience for the answer
     */
    Readiness(Runnable question, Duration patience) {
        this.question = question;
        this.patience = patience;
    }

    static Readiness of(Database database) {
        return new Readiness(() -> database.sql().fetchValue("SELECT 1"), PATIENCE) {
            @Override
            public Optional<String> get() {
                return super.get()
                        .or(() -> database.held().map(why -> "its schema sluice is not up to date" + state(why)));
            }
        };
    }

    /** What anybody may read of it: neither host nor port nor the driver's words. */
    static String state(Problem why) {
        Object state = why.details().get(Database.SQL_STATE);
        return state == null ? "" : " (" + state + ")";
    }

    /** Empty where it answers; otherwise that it does not, and why, as soon as that is known. */
    @Override
    public Optional<String> get() {
        var answered = new CompletableFuture<Boolean>();
        Thread.ofVirtual().name("readiness").start(() -> answered.complete(ask()));
        boolean answers = answered.completeOnTimeout(false, patience.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        return answers ? Optional.empty() : Optional.of("does not answer" + cause);
    }

    private boolean ask() {
        try {
            question.run();
            cause = "";
            return true;
        } catch (RuntimeException e) {
            cause = SqlFailure.in(e).map(f -> " (" + f.sqlState() + ")").orElse("");
            return false;
        }
    }
}
