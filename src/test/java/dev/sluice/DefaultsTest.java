package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.batch.BatchSize;
import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.job.BatchSettings;
import dev.sluice.job.Job;
import dev.sluice.job.JobReader;
import dev.sluice.job.Schedule;
import dev.sluice.resilience.RetrySettings;
import dev.sluice.schedule.ScheduleSettings;
import dev.sluice.testing.TestEngine;
import dev.sluice.throttle.PaceSettings;
import dev.sluice.time.DurationText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A default that a room uses by itself, as in tests, is the one that the documentation tells. */
class DefaultsTest {
    private static final Map<String, String> DOCUMENTED = documented();

    private static Map<String, String> documented() {
        var found = new TreeMap<String, String>();
        try {
            Pattern.compile("(?m)^\\| `([^`]+)` \\| `([^`|]+)` \\|")
                    .matcher(Files.readString(Path.of("docs/configuration.md")))
                    .results()
                    .forEach(m -> found.put(m.group(1), m.group(2)));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return found;
    }

    private static String told(String key) {
        return TestEngine.known(DOCUMENTED.get(key));
    }

    private static Duration time(String key) {
        return DurationText.parse(told(key)).orElseThrow();
    }

    private static int number(String key) {
        return Integer.parseInt(told(key));
    }

    private static double decimal(String key) {
        return Double.parseDouble(told(key));
    }

    @Test
    void ofADatabase() {
        String at = "databases.<name>.";
        assertThat(DatabaseSettings.of("d", "u", "r", "p"))
                .isEqualTo(new DatabaseSettings(
                        "d",
                        "u",
                        "r",
                        "p",
                        number(at + "pool-size"),
                        time(at + "lock-timeout"),
                        time(at + "statement-timeout"),
                        time(at + "idle-in-transaction-timeout"),
                        time(at + "transaction-timeout"),
                        time(at + "analyze-timeout"),
                        time(at + "connect-timeout"),
                        time(at + "socket-timeout")));
    }

    @Test
    void ofRetriesSchedulesAndBatches() {
        assertThat(RetrySettings.DEFAULT)
                .isEqualTo(
                        new RetrySettings(number("retry.attempts"), time("retry.first-wait"), time("retry.max-wait")));
        assertThat(ScheduleSettings.of("w"))
                .isEqualTo(new ScheduleSettings(
                        "w",
                        number("worker.threads"),
                        time("worker.check-in"),
                        time("worker.takeover"),
                        time("worker.stop-timeout")));
        assertThat(BatchSize.Steps.DEFAULT)
                .isEqualTo(
                        new BatchSize.Steps(decimal("batch.weight"), decimal("batch.growth"), decimal("batch.panic")));
    }

    @Test
    void ofThePace() {
        PaceSettings paceSettings = PaceSettings.DEFAULT;
        assertThat(paceSettings.start()).isEqualTo(decimal("throttle.start"));
        assertThat(paceSettings.weight()).isEqualTo(decimal("throttle.weight"));
        assertThat(paceSettings.calm()).isEqualTo(decimal("throttle.calm"));
        assertThat(paceSettings.hold()).isEqualTo(decimal("throttle.hold"));
        assertThat(paceSettings.floor()).isEqualTo(decimal("throttle.floor"));
        assertThat(paceSettings.goodFor()).isEqualTo(time("throttle.good-for"));
        assertThat(paceSettings.settle()).isEqualTo(time("throttle.settle"));
        assertThat(paceSettings.growth()).isEqualTo(decimal("throttle.growth"));
        assertThat(paceSettings.probe()).isEqualTo(decimal("throttle.probe"));
        assertThat(paceSettings.shrink()).isEqualTo(decimal("throttle.shrink"));
        assertThat(paceSettings.urgent()).isEqualTo(decimal("throttle.urgent"));
        assertThat(paceSettings.shortestBatch()).isEqualTo(time("throttle.shortest-batch"));
        Settings defaults = SettingsReader.defaults();
        assertThat(defaults.verify().maxSweeps()).isEqualTo(number("verify.max-sweeps"));
    }

    /** The schema is what the reference of job files is compared with; see {@code ExampleJobsTest}. */
    @Test
    void ofAJob() {
        JsonNode migrate = JsonMapper.shared().readTree(JobReader.schema()).at("/properties/migrate/properties");
        Job least = TestEngine.job(
                "job: a\nmigrate:\n  table: t\n  set: { b: c }\n  where: d\n  schedule: { cron: 0 0 1 * * ? }\n");
        BatchSettings batch = least.migrate().batch();
        assertThat(DurationText.format(batch.target()))
                .isEqualTo(migrate.at("/batch/properties/target/default").asString());
        assertThat(batch.size())
                .isEqualTo(migrate.at("/batch/properties/size/default").asInt());
        assertThat(least.migrate().partitions())
                .isEqualTo(migrate.at("/partitions/default").asInt());
        Schedule schedule = least.migrate().schedule().orElseThrow();
        assertThat(schedule.zone().getId().replace("Z", "UTC"))
                .isEqualTo(migrate.at("/schedule/properties/zone/default").asString());
        assertThat(schedule.misfire().name().toLowerCase(java.util.Locale.ROOT))
                .isEqualTo(migrate.at("/schedule/properties/misfire/default").asString());
    }
}
