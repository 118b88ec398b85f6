package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @Test
    void aDatabaseThatAnswersIsReady() {
        assertThat(new Readiness(() -> {}, LONG).get()).isEmpty();
    }

    @Test
    void theCauseIsTold() {
        assertThat(new Readiness(ReadinessTest::refused, LONG).get()).contains("does not answer (08001)");
    }

    @Test
    void nobodyWaitsForThePool() {
        var release = new CountDownLatch(1);
        var question = new AtomicReference<Runnable>(() -> {
            awaitUninterruptibly(release);
            refused();
        });
        var readiness = new Readiness(() -> question.get().run(), Duration.ofMillis(1));
        assertThat(readiness.get()).contains("does not answer");
        release.countDown();
        await().until(() -> readiness.get().equals(java.util.Optional.of("does not answer (08001)")));
        question.set(() -> {});
        await().until(() -> readiness.get().isEmpty());
    }

    private static void refused() {
        throw new DataAccessException("SELECT 1", new SQLException("refused", "08001"));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
