package dev.sluice.throttle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.job.CustomSignal;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Jobs that read the same thing share one reading. */
class CustomSourcesTest {
    private static final URI URL = URI.create("http://a/b");
    private static final Duration EVERY = Duration.ofSeconds(5);

    private final Fetch fetch = Fetch.open();
    private final Database main = database("main");
    private final Database other = database("other");

    private static Database database(String name) {
        return Database.open(DatabaseSettings.of(name, "jdbc:postgresql://127.0.0.1:1/x", "nobody", ""));
    }

    @AfterEach
    void close() {
        fetch.close();
        main.close();
        other.close();
    }

    @Test
    void theLimitAndWhatFollowsFromItAreTheJobsOwn() {
        List<Function<OptionalDouble, CustomSignal>> signals = List.of(
                limit -> new CustomSignal.Sql("a", "SELECT 1", limit, EVERY, limit.isEmpty()),
                limit -> new CustomSignal.Http("a", URL, Optional.of("/n"), limit, EVERY, limit.isEmpty()),
                limit -> new CustomSignal.Prometheus("a", URL, "up", limit, EVERY, limit.isEmpty()));
        for (var signal : signals) {
            RemoteSource one = CustomSources.of(signal.apply(OptionalDouble.of(1)), main, fetch);
            RemoteSource same = CustomSources.of(signal.apply(OptionalDouble.of(2)), main, fetch);
            assertThat(one).isEqualTo(same).hasSameHashCodeAs(same);
            assertThat(one.code()).isEqualTo("a");
            assertThat(one.every()).isEqualTo(EVERY);
        }
    }

    @Test
    void whatIsReadOtherwiseIsAnotherSource() {
        var limit = OptionalDouble.of(1);
        var seldom = Duration.ofSeconds(6);
        Set<RemoteSource> sources = Set.of(
                CustomSources.of(new CustomSignal.Sql("a", "SELECT 1", limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Sql("a", "SELECT 1", limit, EVERY, true), other, fetch),
                CustomSources.of(new CustomSignal.Sql("a", "SELECT 2", limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Sql("a", "SELECT 1", limit, seldom, true), main, fetch),
                CustomSources.of(new CustomSignal.Sql("b", "SELECT 1", limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Http("a", URL, Optional.empty(), limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Http("a", URL, Optional.of("/n"), limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Http("a", URL, Optional.of("/m"), limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Prometheus("a", URL, "up", limit, EVERY, true), main, fetch),
                CustomSources.of(new CustomSignal.Prometheus("a", URL, "down", limit, EVERY, true), main, fetch));
        assertThat(sources).hasSize(10);
    }
}
