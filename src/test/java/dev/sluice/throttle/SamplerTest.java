package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.testing.SteppedTime;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the sampler says and remembers as lanes come and go. */
@Tag("database")
class SamplerTest {
    private static final DatabaseSource.Need NEED =
            new DatabaseSource.Need("It needs pg_read_all_stats.", "GRANT pg_read_all_stats TO sluice");

    private final SteppedTime time = new SteppedTime();
    private final TestPostgres.Fresh db = TestPostgres.create();
    private final Databases databases =
            new Databases(List.of(DatabaseSettings.of("main", db.url(), db.user(), db.password())), "main");
    private final Sampler sampler = Sampler.byHand(databases.get("main"), time);
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();

    @BeforeEach
    void listen() {
        said.start();
        ((Logger) LoggerFactory.getLogger(Sampler.class)).addAppender(said);
    }

    @AfterEach
    void close() {
        ((Logger) LoggerFactory.getLogger(Sampler.class)).detachAppender(said);
        sampler.close();
        databases.close();
    }

    /** A signal of another place whose reading takes until the test lets it go, and fails then. */
    private static final class Slow implements RemoteSource {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch mayEnd = new CountDownLatch(1);
        private volatile boolean interrupted;
        private volatile Thread thread = Thread.currentThread();

        @Override
        public String code() {
            return "queue";
        }

        @Override
        public List<Measurement> read() throws IOException {
            thread = Thread.currentThread();
            begun.countDown();
            try {
                mayEnd.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
            throw new IOException("gone");
        }

        void end() throws InterruptedException {
            mayEnd.countDown();
            assertThat(thread.join(Duration.ofSeconds(20))).isTrue();
        }
    }

    /** An interrupted read closes the connection under it, and what it throws says nothing about the signal. */
    @Test
    void theLastLaneThatLeavesInterruptsNoReadingAndNothingIsSaidOfIt() throws Exception {
        Slow slow = new Slow();
        Sampler.Watch watch = sampler.watch(List.of(slow));
        assertThat(slow.begun.await(20, TimeUnit.SECONDS)).isTrue();
        watch.close();
        slow.end();
        assertThat(slow.interrupted).isFalse();
        assertThat(said.list).isEmpty();
    }

    @Test
    void norDoesTheEndOfTheWorker() throws Exception {
        Slow slow = new Slow();
        Sampler.Watch watch = sampler.watch(List.of(slow));
        assertThat(slow.begun.await(20, TimeUnit.SECONDS)).isTrue();
        sampler.close();
        slow.end();
        watch.close();
        assertThat(slow.interrupted).isFalse();
        assertThat(said.list).isEmpty();
    }

    /** A rest between two readings ends at once, however long it is. */
    @Test
    void aRestIsCutShort() throws Exception {
        StoppableSleep sleep = new StoppableSleep();
        Thread resting = Thread.ofVirtual().start(() -> {
            boolean ignored = sleep.rest(Time.system(), Duration.ofHours(1));
        });
        sleep.end();
        assertThat(resting.join(Duration.ofSeconds(20))).isTrue();
        assertThat(sleep.rest(time, Duration.ofHours(1))).isFalse();
        assertThat(time.pauses()).isEmpty();
    }

    /** Its session may be another's behind a pooler, so it is not the session's limit that ends it. */
    @Test
    void aStatementThatTakesLongIsGivenUpAndTheSessionKeepsItsOwnLimit() throws Exception {
        var slow = new DatabaseSource() {
            @Override
            public String code() {
                return "slow";
            }

            @Override
            public List<Measurement> read(Connection connection) throws SQLException {
                new Query("SELECT pg_sleep(30)").single(connection, row -> 0);
                return List.of();
            }
        };
        try (Sampler.Watch watch = sampler.watch(List.of(slow))) {
            sampler.readDue();
            assertThat(sampler.reading(slow))
                    .isInstanceOfSatisfying(
                            SourceReading.Unknown.class,
                            u -> assertThat(u.why()).contains("canceling statement"));
        }
        try (Connection connection = databases.get("main").pool().getConnection();
                var rows = connection.createStatement().executeQuery("SHOW statement_timeout")) {
            rows.next();
            assertThat(rows.getString(1)).isEqualTo("30s");
        }
    }

    /** Some signals have a source for each table, and are watched again and again. */
    @Test
    void whatASignalLacksIsSaidOnceForAllTablesAndAgainWhenItIsSomethingElse() throws Exception {
        Dial one = new Dial("autovacuum");
        Dial two = new Dial("autovacuum");
        one.need = NEED;
        two.need = NEED;
        try (Sampler.Watch watch = sampler.watch(List.of(one, two))) {
            sampler.readDue();
        }
        time.step(Duration.ofHours(1)); // what nobody has watched for so long is forgotten
        try (Sampler.Watch watch = sampler.watch(List.of(one))) {
            sampler.readDue();
            assertThat(sampler.reading(one)).isInstanceOf(SourceReading.Missing.class);
        }
        assertThat(said.list).hasSize(1);
        one.need = new DatabaseSource.Need("It needs another version.", "upgrade");
        try (Sampler.Watch watch = sampler.watch(List.of(one))) {
            sampler.readDue();
        }
        assertThat(said.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .hasSize(2)
                .last()
                .asString()
                .contains("signal autovacuum of database main is off", "another version");
    }

    /** A run must not go on without a signal because the privilege went between two runs. */
    @Test
    void whatCouldBeReadBeforeIsUnknownAndNotOffWhoeverWatchedIt() throws Exception {
        Dial before = new Dial("autovacuum");
        try (Sampler.Watch watch = sampler.watch(List.of(before))) {
            sampler.readDue();
        }
        time.step(Duration.ofHours(1));
        Dial after = new Dial("autovacuum");
        after.need = NEED;
        try (Sampler.Watch watch = sampler.watch(List.of(after))) {
            sampler.readDue();
            assertThat(sampler.reading(after))
                    .isInstanceOfSatisfying(
                            SourceReading.Unknown.class,
                            u -> assertThat(u.why()).contains("GRANT pg_read_all_stats TO sluice"));
        }
    }
}
