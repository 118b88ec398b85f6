package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class PeriodicWorkTest {
    private static final Duration SOON = Duration.ofMillis(1);

    private final PeriodicWork work = new PeriodicWork("test-work");
    private final LinkedBlockingQueue<Next> rounds = new LinkedBlockingQueue<>();
    private final Semaphore ended = new Semaphore(0);
    private final Logger log = (Logger) LoggerFactory.getLogger(PeriodicWork.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    /** How a round ends. */
    private record Next(@Nullable Throwable end) {}

    @BeforeEach
    void listen() {
        lines.start();
        log.addAppender(lines);
    }

    @AfterEach
    void close() {
        work.close();
        log.detachAppender(lines);
    }

    /** Each round waits for the test to say how it ends; before it does, the one before it is over. */
    private void start() {
        work.every(SOON, "counting sheep", () -> {
            Next next;
            try {
                ended.release();
                next = rounds.take();
            } catch (InterruptedException e) {
                return;
            }
            if (next.end instanceof RuntimeException e) {
                throw e;
            }
            if (next.end instanceof Error e) {
                throw e;
            }
        });
        awaitRound();
    }

    private void awaitRound() {
        try {
            assertThat(ended.tryAcquire(30, TimeUnit.SECONDS))
                    .as("a round came")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void round(@Nullable Throwable end) {
        rounds.add(new Next(end));
        awaitRound();
    }

    @Test
    void itGoesOnWhateverARoundThrows() {
        start();
        round(new IllegalStateException("first"));
        round(new StackOverflowError());
        round(new NoClassDefFoundError("gone"));
        round(new OutOfMemoryError("test"));
        round(new AssertionError("odd"));
        round(null);
        assertThat(work.lost()).isEmpty();
    }

    @Test
    void anErrorIsToldUntilARoundSucceedsAndAnExceptionIsNot() {
        start();
        round(new IllegalStateException("the database is away"));
        assertThat(work.lost()).isEmpty();
        round(new StackOverflowError("secret"));
        assertThat(work.lost())
                .hasValueSatisfying(t -> assertThat(t)
                        .contains("counting sheep", "StackOverflowError")
                        .doesNotContain("secret"));
        round(null);
        assertThat(work.lost()).isEmpty();
    }

    @Test
    void eachOutageIsLoggedOnceAndAnErrorInItOnceMore() {
        start();
        for (int i = 0; i < 3; i++) {
            round(new IllegalStateException("away"));
        }
        for (int i = 0; i < 3; i++) {
            round(new StackOverflowError());
        }
        round(null);
        round(new IllegalStateException("away again"));
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .satisfiesExactly(
                        first -> assertThat(first).isEqualTo("counting sheep: java.lang.IllegalStateException: away"),
                        second -> assertThat(second).isEqualTo("counting sheep: failed, and is tried again every 1ms"),
                        third -> assertThat(third)
                                .isEqualTo("counting sheep: java.lang.IllegalStateException: away again"));
    }

    @Test
    void otherWorkOnTheSameThreadGoesOn() throws InterruptedException {
        Semaphore others = new Semaphore(0);
        work.every(SOON, "failing", () -> {
            throw new StackOverflowError();
        });
        work.every(SOON, "other", others::release);
        assertThat(others.tryAcquire(5, 30, TimeUnit.SECONDS)).isTrue();
        assertThat(work.lost()).hasValueSatisfying(t -> assertThat(t).startsWith("failing"));
    }

    @Test
    void whatIsClosedIsNotLost() {
        start();
        work.close();
        assertThat(work.lost()).isEmpty();
    }
}
