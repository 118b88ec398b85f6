package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.database.ErrorKind;
import dev.sluice.problem.Problem;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RetriesTest {
    private static final Exception ERROR = new SQLException("down", "08006");
    private final RetrySettings settings = new RetrySettings(4, Duration.ofMillis(100), Duration.ofSeconds(10));
    private final Retries retries = new Retries(settings);

    @ParameterizedTest
    @EnumSource(
            value = ErrorKind.class,
            names = {"AWAY", "READ_ONLY", "FULL", "TIMEOUT", "TRANSIENT"})
    void whatTheDatabaseFixesItselfIsRetriedWithoutLimitWithGrowingCappedWaits(ErrorKind kind) {
        Retries.Attempt attempt = retries.begin("batch");
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            waits.add(attempt.next(kind, ERROR).orElseThrow().toMillis());
        }

        assertThat(waits.get(0)).isBetween(50L, 151L);
        assertThat(waits.get(1)).isBetween(100L, 301L);
        assertThat(waits.get(4)).isBetween(800L, 2401L);
        assertThat(waits.subList(8, 2000)).allSatisfy(w -> assertThat(w).isBetween(3_000L, 10_000L));
        assertThat(new HashSet<>(waits.subList(8, 2000)))
                .as("still jittered at the cap")
                .hasSizeGreaterThan(500);
        assertThat(attempt.failures()).isEqualTo(2000);
    }

    @Test
    void unknownErrorsGetAFewTries() {
        Retries.Attempt attempt = retries.begin("batch");

        assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isPresent();
        assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isPresent();
        assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isPresent();
        assertThat(attempt.next(ErrorKind.OTHER, ERROR))
                .as("the fourth try was the last")
                .isEmpty();
    }

    @Test
    void otherKindsInBetweenUseUpNoTries() {
        Retries.Attempt attempt = retries.begin("batch");
        for (int i = 0; i < 3; i++) {
            assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isPresent();
            assertThat(attempt.next(ErrorKind.AWAY, ERROR)).isPresent();
            assertThat(attempt.next(ErrorKind.TIMEOUT, ERROR)).isPresent();
        }
        assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = ErrorKind.class,
            names = {"DATA", "DEFINITION"})
    void whatNoRetryFixesIsNotRetried(ErrorKind kind) {
        assertThat(retries.begin("batch").next(kind, ERROR)).isEmpty();
    }

    @Test
    void aSuccessBeginsAnew() {
        Retries.Attempt attempt = retries.begin("batch");
        for (int i = 0; i < 10; i++) {
            attempt.next(ErrorKind.TIMEOUT, ERROR);
        }
        attempt.next(ErrorKind.OTHER, ERROR);
        attempt.next(ErrorKind.OTHER, ERROR);
        attempt.next(ErrorKind.OTHER, ERROR);

        attempt.succeeded();

        assertThat(attempt.failures()).isZero();
        assertThat(attempt.next(ErrorKind.TIMEOUT, ERROR).orElseThrow()).isLessThan(Duration.ofMillis(152));
        assertThat(attempt.next(ErrorKind.OTHER, ERROR)).isPresent();
    }

    @Test
    void resilience4jCountsWhatHappened() {
        Retries.Attempt attempt = retries.begin("verify");
        attempt.succeeded();
        attempt.next(ErrorKind.AWAY, ERROR);
        attempt.succeeded();
        attempt.next(ErrorKind.DATA, ERROR);

        var patient = retries.registry().retry("verify").getMetrics();
        assertThat(patient.getNumberOfSuccessfulCallsWithoutRetryAttempt()).isEqualTo(1);
        assertThat(patient.getNumberOfSuccessfulCallsWithRetryAttempt()).isEqualTo(1);
        var limited = retries.registry().retry("verify-limited").getMetrics();
        assertThat(limited.getNumberOfFailedCallsWithoutRetryAttempt()).isEqualTo(1);
    }

    @Test
    void anErrorWithoutCauseOrMessageIsNoTrouble() {
        Retries.Attempt attempt = retries.begin("batch");
        assertThat(attempt.next(ErrorKind.OTHER, new CompletionException(null, null)))
                .isPresent();
        assertThat(attempt.next(ErrorKind.DATA, new SQLException())).isEmpty();
    }

    @Test
    void badSettingsAreRefusedWithTheRange() {
        assertThatThrownBy(() -> new RetrySettings(0, Duration.ofMillis(1), Duration.ofMillis(1)))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("attempts is 0");
        assertThatThrownBy(() -> new RetrySettings(1, Duration.ofNanos(1), Duration.ofMillis(1)))
                .hasMessageContaining("at least 1 ms");
        assertThatThrownBy(() -> new RetrySettings(1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .hasMessageContaining("PT1S");
        var tight = new Retries(new RetrySettings(2, Duration.ofMillis(1), Duration.ofMillis(1))).begin("x");
        assertThat(tight.next(ErrorKind.AWAY, ERROR)).contains(Duration.ofMillis(1));
    }
}
