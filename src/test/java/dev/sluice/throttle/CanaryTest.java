package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.testing.TestPostgres;
import dev.sluice.throttle.Measurement.Scale;
import dev.sluice.time.Time;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class CanaryTest {
    private final TestPostgres.Fresh postgres = TestPostgres.create();
    private final AtomicBoolean busy = new AtomicBoolean();

    /** Each look at the clock takes as long as it is told. */
    private static final class Ticking implements Time {
        private long nanos;
        private Duration tick = Duration.ZERO;

        @Override
        public Instant now() {
            return Instant.EPOCH;
        }

        @Override
        public long nanos() {
            nanos += tick.toNanos();
            return nanos;
        }

        @Override
        public void pause(Duration length) {
            throw new UnsupportedOperationException();
        }
    }

    private static double quiet(Measurement level) {
        return ((Scale.TimesOf) level.scale()).quiet();
    }

    @Test
    void theFirstReadingMakesTheBaselineAndBusyTimesDoNotMoveIt() throws SQLException {
        var time = new Ticking();
        var latency = new CommitLatency(time, busy::get);
        try (Connection c = postgres.connect()) {
            time.tick = Duration.ofMillis(5);
            Measurement first = latency.read(c).getFirst();
            assertThat(first.value()).isEqualTo(0.005);
            assertThat(quiet(first)).isEqualTo(0.005);
            assertThat(first.text()).isEqualTo("5ms (quiet 5ms)");
            busy.set(true);
            time.tick = Duration.ofMillis(50);
            latency.read(c);
            latency.read(c);
            assertThat(latency.read(c).getFirst().value()).isEqualTo(0.050); // three of the last five
            for (int i = 0; i < 100; i++) {
                latency.read(c);
            }
            assertThat(latency.read(c).getFirst().text()).isEqualTo("50ms (quiet 5ms)");
            busy.set(false);
            for (int i = 0; i < 20; i++) {
                latency.read(c);
            }
            assertThat(quiet(latency.read(c).getFirst())).isEqualTo(0.050);
        }
    }

    @Test
    void aBatchThatBeginsMeanwhileMakesItNoQuietOne() throws SQLException {
        var time = new Ticking();
        var looks = new int[1];
        // not at work before, at work after
        var latency = new CommitLatency(time, () -> looks[0]++ % 2 == 1);
        try (Connection c = postgres.connect()) {
            time.tick = Duration.ofMillis(5);
            Measurement level = latency.read(c).getFirst();
            assertThat(quiet(level)).isZero();
            assertThat(level.text()).isEqualTo("5ms (not seen quiet yet)");
        }
    }

    @Test
    void theFirstReadingIsShortWhereCommitsAreSlow() throws SQLException {
        var time = new Ticking();
        var latency = new CommitLatency(time, busy::get);
        try (Connection c = postgres.connect()) {
            time.tick = Duration.ofMillis(300);
            Measurement first = latency.read(c).getFirst();
            assertThat(first.value()).isEqualTo(0.3);
            assertThat(quiet(first)).isZero();
            int more = 0;
            while (quiet(latency.read(c).getFirst()) == 0) {
                more++;
            }
            assertThat(more).isBetween(5, 9); // ten in all, one a reading
        }
    }

    @Test
    void aCanaryIsOnDiskAndLeavesNothingBehind() throws SQLException {
        var latency = new CommitLatency(Time.system(), busy::get);
        long before = number("SELECT pg_current_wal_flush_lsn() - '0/0'");
        long commits = number("SELECT pg_current_xact_id()::text");
        try (Connection c = postgres.connect()) {
            Measurement level = latency.read(c).getFirst();
            assertThat(level.value()).isPositive().isCloseTo(quiet(level), within(1.0));
        }
        assertThat(number("SELECT pg_current_wal_flush_lsn() - '0/0'") - before).isGreaterThan(15 * 60);
        // each a transaction of its own; the two that ask are too
        assertThat(number("SELECT pg_current_xact_id()::text") - commits).isGreaterThanOrEqualTo(16);
    }

    private long number(String sql) {
        return Long.parseLong(postgres.value(sql));
    }
}
