package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.metrics.Meters;
import dev.sluice.metrics.RunMeters;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RetrySettings;
import dev.sluice.run.LaneId;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.SteppedTime;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RetryLoopTest {
    private final SteppedTime time = new SteppedTime();
    private final Meters meters = new Meters();
    private final LaneStatus laneStatus = new LaneStatus(LaneId.conducting(UUID.randomUUID()), "j", "d", time);
    private final RetryLoop retryLoop = new RetryLoop(
            new Retries(RetrySettings.DEFAULT), new RunMeters(meters.registry(), List.of()), time, laneStatus);

    @AfterEach
    void close() {
        meters.close();
    }

    private static Problem unavailable(String sqlState) {
        return new Problem(Problem.Kind.UNAVAILABLE, "database-unavailable", "it did not do it")
                .because(new SQLException("refused", sqlState));
    }

    private double held(String reason) {
        return meters.scrape()
                .lines()
                .filter(l -> l.startsWith("sluice_hold_seconds_total") && l.contains("\"" + reason + "\""))
                .mapToDouble(l -> Double.parseDouble(l.substring(l.lastIndexOf(' '))))
                .sum();
    }

    @Test
    void whatTheDatabaseSaidBehindARefusalDecides() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        String limit = retryLoop.insist("state", () -> {
            if (tries.incrementAndGet() == 1) {
                throw unavailable("55P03");
            }
            return known(laneStatus.limit()).reason();
        });
        assertThat(limit).isEqualTo("retry-timeout");
        assertThatThrownBy(() -> retryLoop.insist("state", () -> {
                    throw unavailable("XX001");
                }))
                .isInstanceOfSatisfying(
                        RunFailed.class,
                        e -> assertThat(e.failure().message()).contains("failed 5 times in a row", "XX001"));
        AtomicInteger silent = new AtomicInteger();
        String away = retryLoop.insist("state", () -> {
            if (silent.incrementAndGet() == 1) {
                throw new Problem(Problem.Kind.UNAVAILABLE, "database-unavailable", "it did not do it");
            }
            return known(laneStatus.limit()).reason();
        });
        assertThat(away).isEqualTo("database-away");
    }

    @Test
    void aHoldIsCountedFromTheFirstFailureToTheReleaseTriesIncluded() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        retryLoop.insist("state", () -> {
            time.step(Duration.ofSeconds(10));
            if (tries.incrementAndGet() <= 3) {
                throw new SQLException("gone", "08006");
            }
            return true;
        });
        double waited = time.pauses().stream().mapToLong(Duration::toNanos).sum() / 1e9;
        // the first try failed at 10 s; three more followed
        assertThat(held("database-away")).isCloseTo(waited + 30, org.assertj.core.data.Offset.offset(1e-6));
        time.step(Duration.ofSeconds(100));
        retryLoop.waits().released();
        assertThat(held("database-away")).isCloseTo(waited + 30, org.assertj.core.data.Offset.offset(1e-6));
    }

    /** Milliseconds between one try and the next, of 20 that fail with this. */
    private List<Long> waits(String sqlState) throws Exception {
        List<Long> tried = new ArrayList<>();
        retryLoop.insist("state", () -> {
            tried.add(time.nanos() / 1_000_000);
            if (tried.size() <= 20) {
                throw new SQLException("refused", sqlState);
            }
            return true;
        });
        return IntStream.range(1, tried.size())
                .mapToObj(i -> tried.get(i) - tried.get(i - 1))
                .toList();
    }

    @Test
    void aLockThatWasNotToBeHadIsTriedAgainSoonHoweverOften() throws Exception {
        assertThat(waits("55P03")).allSatisfy(w -> assertThat(w).isLessThanOrEqualTo(3000));
        assertThat(waits("55P03").stream().skip(8).distinct())
                .as("still jittered")
                .hasSizeGreaterThan(2);
        assertThat(waits("57014").stream().mapToLong(w -> w).max().orElseThrow())
                .as("a statement that took too long would take as long again")
                .isGreaterThan(3000);
        assertThat(waits("08006")).allSatisfy(w -> assertThat(w).isLessThanOrEqualTo(5000));
    }

    @Test
    void aPaceIsCountedByItsWaitsAlone() throws Exception {
        for (int i = 0; i < 3; i++) {
            retryLoop
                    .waits()
                    .rest(
                            new RunStatus.Limit("rows-per-second", "paced", null, null, time.now()),
                            Duration.ofSeconds(2));
            time.step(Duration.ofSeconds(5)); // a batch
            retryLoop.waits().released();
        }
        assertThat(held("rows-per-second")).isEqualTo(6.0);
    }

    /** Each reason that lasts is logged, however soon after another; and full speed is, once it lasts. */
    @Test
    void whatLimitsARunIsLoggedOnceAndFullSpeedAfterIt() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(RestLog.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.addAppender(lines);
        try {
            rest("first-sample", 1);
            rest("cores", 60);
            rest("replica-lag", 1);
            rest("cores", 60);
            rest("replica-lag", 1);
            assertThat(logged(lines))
                    .containsExactly("slowed by first-sample", "slowed by cores", "slowed by replica-lag");
            rest("cores", 600);
            assertThat(logged(lines)).as("it goes on").hasSize(4).last().isEqualTo("slowed by cores");
            retryLoop.waits().rested();
            time.step(Duration.ofSeconds(1));
            rest("cores", 1);
            assertThat(logged(lines)).as("one batch without a rest").hasSize(4);
            retryLoop.waits().rested();
            time.step(Duration.ofSeconds(5));
            retryLoop.waits().rested();
            retryLoop.waits().rested();
            assertThat(logged(lines))
                    .hasSize(5)
                    .last()
                    .isEqualTo("goes at full speed again, after: first-sample, replica-lag, cores");
            rest("replica-lag", 1);
            assertThat(logged(lines)).last().isEqualTo("slowed by replica-lag");
        } finally {
            log.detachAppender(lines);
        }
    }

    private void rest(String reason, int seconds) throws Exception {
        for (int i = 0; i < seconds; i++) {
            retryLoop.waits().rest(new RunStatus.Limit(reason, "pace", null, null, time.now()), Duration.ofSeconds(1));
        }
    }

    private static List<String> logged(ListAppender<ILoggingEvent> lines) {
        return lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .map(l -> l.replaceAll("^run .* of j (is )?", "").replaceAll(": pace$", ""))
                .toList();
    }

    @Test
    void aLaneIsNotSaidToBeFasterThanItsShareOfTheLimit() {
        laneStatus.progressed(100, Duration.ofMillis(10), 50);
        assertThat(laneStatus.rate()).isEqualTo(50.0);
        laneStatus.progressed(100, Duration.ofSeconds(4), 50);
        assertThat(known(laneStatus.rate())).isBetween(25.0, 50.0);
        laneStatus.newPass();
        laneStatus.progressed(100, Duration.ofSeconds(10), 50);
        assertThat(known(laneStatus.rate())).isEqualTo(10.0);
    }
}
