package dev.sluice.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.problem.Problem;
import dev.sluice.testing.SteppedTime;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class RowRateTest {
    private final SteppedTime time = new SteppedTime();
    private final RateLimiterRegistry registry = RateLimiterRegistry.ofDefaults();

    private RowRate rate(int rowsPerSecond) {
        return RowRate.open("users", OptionalDouble.of(rowsPerSecond), registry, time);
    }

    /** Batches that could go faster than the limit run at the limit: never over it, and not under it either. */
    @Property(tries = 200)
    void reachesTheLimitAndDoesNotPassIt(
            @ForAll @IntRange(min = 1, max = 3_000_000) int limit,
            @ForAll @IntRange(min = 1, max = 100_000) int batch,
            @ForAll @LongRange(max = 1_000_000_000L) long seed)
            throws InterruptedException {
        var random = new Random(seed);
        var time = new SteppedTime();
        RowRate rate = RowRate.open("users", OptionalDouble.of(limit), RateLimiterRegistry.ofDefaults(), time);
        long total = 0;
        for (int i = 0; i < 200; i++) {
            int rows = 1 + random.nextInt(batch);
            // at most half of the time the limit gives these rows, and a second at most
            double share = random.nextDouble() * 0.5;
            time.step(Duration.ofNanos((long) Math.min(1e9 * rows / limit * share, 9e8)));
            total += rows;
            time.pause(rate.reserve(rows));
        }
        double ideal = total * 1e9 / limit;
        double period = Math.max(1e9 / limit, 1e7) * 2;
        assertThat((double) time.nanos()).isGreaterThan(ideal * 0.999 - period);
        assertThat((double) time.nanos()).isLessThan(ideal * 1.001 + period);
    }

    @Test
    void theTimeOfTheBatchCounts() {
        RowRate rate = rate(1000);
        time.step(Duration.ofMillis(200));
        assertThat(rate.reserve(500).toMillis()).isEqualTo(300);
    }

    @Test
    void aBatchSlowerThanTheLimitWaitsNotAtAll() {
        RowRate rate = rate(1000);
        time.step(Duration.ofMillis(600));
        assertThat(rate.reserve(500)).isZero();
    }

    @Test
    void anIdleHourSavesUpOneSecondOnly() {
        RowRate rate = rate(1000);
        time.step(Duration.ofHours(1));
        assertThat(rate.reserve(1000).toMillis()).isBetween(0L, 1L);
        assertThat(rate.reserve(1000).toMillis())
                .as("a second, less one period of 10 ms")
                .isBetween(990L, 1000L);
    }

    @Test
    void aBatchManyTimesTheLimitIsPaidForInFull() {
        RowRate rate = rate(1);
        assertThat(rate.reserve(100_000)).isEqualTo(Duration.ofSeconds(100_000));
        assertThat(rate(500).reserve(5_000_000_000L)).isCloseTo(Duration.ofSeconds(10_000_000), Duration.ofSeconds(1));
    }

    @Test
    void theLimitChangesLiveAndTheDebtStays() {
        RowRate rate = rate(100);
        assertThat(rate.reserve(1000)).isEqualTo(Duration.ofSeconds(10));
        time.step(Duration.ofSeconds(2));

        rate.limit(OptionalDouble.of(1000));
        assertThat(rate.owed().toMillis()).as("800 rows at 1000 a second").isCloseTo(800, within(10L));
        assertThat(rate.limit()).hasValue(1000);

        rate.limit(OptionalDouble.empty());
        assertThat(rate.owed()).isZero();
        assertThat(rate.reserve(1_000_000)).isZero();
        assertThat(rate.limit()).isEmpty();

        rate.limit(OptionalDouble.of(10));
        assertThat(rate.reserve(10)).as("nothing was saved up meanwhile").isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void whatIsOwedShrinksAsTimePasses() {
        RowRate rate = rate(100);
        rate.reserve(100);
        time.step(Duration.ofMillis(400));
        assertThat(rate.owed()).isEqualTo(Duration.ofMillis(600));
        time.step(Duration.ofMillis(900));
        assertThat(rate.owed()).isZero();
    }

    @Test
    void theRegistryShowsTheLimiterInForceWithItsDebt() {
        RowRate rate = rate(1000);
        rate.reserve(500);
        assertThat(registry.rateLimiter("users").getMetrics().getAvailablePermissions())
                .isCloseTo(-500, within(10));
        rate.limit(OptionalDouble.of(2000));
        assertThat(registry.rateLimiter("users").getRateLimiterConfig().getLimitForPeriod())
                .isEqualTo(20);
        rate.close();
        assertThat(registry.find("users")).isEmpty();
    }

    @Test
    void noRowsAtAllIsRefused() {
        assertThatThrownBy(() -> rate(0)).isInstanceOf(Problem.class).hasMessageContaining("more than 0");
        RowRate rate = rate(5);
        assertThatThrownBy(() -> rate.limit(OptionalDouble.of(-3))).hasMessageContaining("-3");
        assertThat(rate.limit()).as("unchanged").hasValue(5);
    }

    @Test
    void aShareOfLessThanOneRowASecondIsKept() {
        RowRate rate = RowRate.open("users", OptionalDouble.of(0.25), registry, time);
        assertThat(rate.reserve(2)).isEqualTo(Duration.ofSeconds(8));
    }
}
