package dev.sluice.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.sluice.checkpoint.RowsLeft;
import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.ErrorKind;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RetrySettings;
import dev.sluice.resilience.RowRate;
import dev.sluice.testing.TestPostgres;
import dev.sluice.time.Time;
import io.github.resilience4j.micrometer.tagged.TaggedRateLimiterMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedRetryMetrics;
import io.github.resilience4j.ratelimiter.RateLimiterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code docs/metrics.md} says what is exported, and nothing else. */
class DocumentedMetersTest {
    private static final Pattern ROW =
            Pattern.compile("^\\| `([a-z0-9_]+)` \\| (counter|gauge|histogram|summary) \\| [^|]*\\|([^|]*)\\|.*\\|$");
    private static final Pattern SAMPLE = Pattern.compile("^([a-z0-9_]+)(?:\\{(.*)})? .*$");

    /**
     * @param type as Prometheus calls it
     * @param labels every one
     */
    record Meter(String type, Set<String> labels) {}

    static Map<String, Meter> documented() throws IOException {
        Map<String, Meter> found = new HashMap<>();
        for (String line : Files.readAllLines(Path.of("docs/metrics.md"))) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                Set<String> labels =
                        new TreeSet<>(Arrays.asList(row.group(3).trim().split("[, ]+")));
                labels.remove("");
                assertThat(found.put(row.group(1), new Meter(row.group(2), labels)))
                        .as("%s is described once", row.group(1))
                        .isNull();
            } else {
                assertThat(line).as("a row of a table").doesNotStartWith("| `");
            }
        }
        return found;
    }

    private static Map<String, Meter> exported(String scrape) {
        Map<String, String> types = new HashMap<>();
        Map<String, Meter> found = new HashMap<>();
        for (String line : scrape.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                String[] parts = line.split(" ");
                types.put(parts[2], parts[3]);
            } else if (!line.startsWith("#")) {
                var sample = SAMPLE.matcher(line);
                assertThat(sample.matches()).as(line).isTrue();
                String name = sample.group(1);
                String family = types.containsKey(name) ? name : name.replaceAll("_(bucket|count|sum)$", "");
                var meter = found.computeIfAbsent(
                        family, f -> new Meter(types.getOrDefault(f, "untyped"), new TreeSet<>()));
                if (sample.group(2) != null) {
                    Arrays.stream(sample.group(2).split("\","))
                            .map(l -> l.split("=")[0])
                            .forEach(meter.labels::add);
                }
            }
        }
        return found;
    }

    private static void useEverything(Meters meters, Database database) throws SQLException {
        var runs = new RunMeters(meters.registry(), List.of("running"));
        runs.recordBatch("users", "main", 10, 5, RowsLeft.NONE, 0.1);
        runs.recordRetry("users", "main", "timeout");
        runs.recordHold("users", "main", "database-away", 1);
        runs.recordTime("users", "main", 5, 3, 2);
        runs.reportSignals(List.of(new SignalReading("users", "main", "replica-lag", 4, 5, 0.8)));
        runs.report(List.of(new RunReading(
                "users",
                "main",
                "running",
                5L,
                0.5,
                1.0,
                10,
                8,
                0.7,
                0.5,
                new RunReading.Limited("replica-lag", 4.0, 5.0, 0.3),
                0.1,
                true)));
        var scheduler = new SchedulerMeters(meters.registry());
        scheduler.began();
        scheduler.ended("run", true);
        scheduler.misfired("run");

        var retries = new Retries(RetrySettings.DEFAULT);
        meters.bind(TaggedRetryMetrics.ofRetryRegistry(retries.registry()));
        retries.begin("batch").next(ErrorKind.AWAY, new SQLException("gone"));
        var limits = RateLimiterRegistry.ofDefaults();
        meters.bind(TaggedRateLimiterMetrics.ofRateLimiterRegistry(limits));
        RowRate.open("users", OptionalDouble.of(100), limits, Time.system()).reserve(10);
        database.pool().setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters.registry()));
        database.connect().close();
    }

    @Test
    void everyMeterIsDescribedAndEveryDescriptionIsTrue() throws Exception {
        var fresh = TestPostgres.create();
        try (var meters = new Meters();
                var database =
                        Database.open(DatabaseSettings.of("main", fresh.url(), fresh.user(), fresh.password()))) {
            useEverything(meters, database);
            Map<String, Meter> exported = exported(meters.scrape());

            Map<String, Meter> documented = documented();
            assertThat(exported).containsAllEntriesOf(documented);
            assertThat(exported.keySet().stream().filter(n -> n.startsWith("sluice_")))
                    .as("every meter of ours is described")
                    .isSubsetOf(documented.keySet());
            assertThat(documented).hasSizeGreaterThan(30);
        }
    }
}
