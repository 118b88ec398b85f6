package dev.sluice.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a right {@code throttle} means, that it reads back, and that schema, reference and signals are in step. */
class ThrottleReaderTest {
    private static final JobReader READER = new JobReader(cron -> Optional.empty());
    private static final String HEAD = "job: a\nmigrate:\n  table: t\n  set: { b: 1 }\n  where: b IS NULL\n";

    private static Job job(String throttle) {
        JobFile file = READER.read("a.yaml", HEAD + throttle);
        assertThat(file.mistakes()).isEmpty();
        Job job = file.job().orElseThrow();
        assertThat(JobReader.fromDefinition(job.definition())).isEqualTo(job);
        assertThat(READER.read("definition", job.definition()).job())
                .as("a definition is a job file, too")
                .contains(job);
        assertThat(job.fingerprint())
                .isEqualTo(READER.read("b.yaml", HEAD).job().orElseThrow().fingerprint());
        return job;
    }

    private static ThrottleSettings read(String throttle) {
        return job(throttle).migrate().throttle();
    }

    @Test
    void aJobThatSaysNothingHasTheDefaults() {
        for (String nothing : List.of("", "  throttle: {}\n")) {
            assertThat(read(nothing)).isEqualTo(ThrottleSettings.DEFAULT);
            assertThat(job(nothing).definition()).doesNotContain("throttle");
        }
        for (SignalKind kind : SignalKind.values()) {
            assertThat(ThrottleSettings.DEFAULT.of(kind))
                    .isEqualTo(new SignalSettings(true, false, kind.limits(), Set.of(), true));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"off", "\"off\"", "false"})
    void offMeansNoSignal(String off) {
        ThrottleSettings throttle = read("  throttle: " + off + "\n");

        assertThat(throttle).isEqualTo(ThrottleSettings.OFF);
        assertThat(SignalKind.values()).noneMatch(kind -> throttle.of(kind).on());
    }

    @Test
    void ratesAreTakenUp() {
        ThrottleSettings throttle = read("  throttle: { rows-per-second: 7, wal-per-hour: 20GB }\n");

        assertThat(throttle.rowsPerSecond()).contains(7);
        assertThat(throttle.walPerHour()).isEqualTo(OptionalLong.of(20_000_000_000L));
        assertThat(read("  throttle: { wal-per-hour: 1MB }\n").walPerHour()).isEqualTo(OptionalLong.of(1_000_000));
        assertThat(read("  throttle: { wal-per-hour: 1000TB }\n").walPerHour())
                .isEqualTo(OptionalLong.of(1_000_000_000_000_000L));
    }

    @Test
    void theBudgetOfCoresIsTakenUp() {
        assertThat(read("  throttle: { cores: 12.5% }\n").cores()).hasValue(0.125);
        assertThat(read("  throttle: { cores: 100% }\n").cores()).hasValue(1);
        assertThat(read("  throttle: { cores: off }\n").cores()).hasValue(ThrottleSettings.ALL_CORES);
        assertThat(read("  throttle: { cores: false }\n").cores()).hasValue(ThrottleSettings.ALL_CORES);
        assertThat(read("  throttle: { lock-waits: 4 }\n").cores()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(SignalKind.class)
    void everySignalCanBeOffOrHaveItsLimitAlone(SignalKind kind) {
        for (String off : List.of("off", "false")) {
            assertThat(read("  throttle: { " + kind.code() + ": " + off + " }\n")
                            .of(kind))
                    .satisfies(s -> assertThat(s.on()).isFalse())
                    .satisfies(s -> assertThat(s.stated()).isTrue());
        }
        String limit = Map.of(
                        SignalKind.Unit.SECONDS, "1500ms",
                        SignalKind.Unit.BYTES, "1500MB",
                        SignalKind.Unit.COUNT, "1.5",
                        SignalKind.Unit.RATIO, "1.5%",
                        SignalKind.Unit.TIMES, "1.5")
                .getOrDefault(kind.unit(), "");
        double base = Map.of(SignalKind.Unit.BYTES, 1.5e9, SignalKind.Unit.RATIO, 0.015)
                .getOrDefault(kind.unit(), 1.5);
        SignalSettings alone =
                read("  throttle: { " + kind.code() + ": " + limit + " }\n").of(kind);
        assertThat(alone.on() && alone.stated() && alone.holdsWhenUnknown()).isTrue();
        assertThat(alone.limits().keySet()).isEqualTo(kind.limits().keySet());
        kind.limits()
                .forEach((name, byDefault) ->
                        assertThat(alone.limit(name)).as(name).isEqualTo(name.equals("limit") ? base : byDefault));
        assertThat(read("  throttle: { " + kind.code() + ": { limit: " + limit + " } }\n")
                        .of(kind))
                .isEqualTo(alone);
    }

    @ParameterizedTest
    @EnumSource(SignalKind.class)
    void aSignalKeepsWhatIsNotSaid(SignalKind kind) {
        ThrottleSettings throttle = read("  throttle: { " + kind.code() + ": { on-unknown: ignore } }\n");

        assertThat(throttle.of(kind)).isEqualTo(new SignalSettings(true, true, kind.limits(), Set.of(), false));
        assertThat(throttle.signals()).containsOnlyKeys(kind);
    }

    @Test
    void furtherLimitsAndExceptionsAreTakenUp() {
        ThrottleSettings throttle = read("""
              throttle:
                replica-lag: { limit: 2m, bytes: 3TB, except: [standby2, Analytics], on-unknown: hold }
                commit-latency: { floor: 250ms }
                replication-slots: { retained: 64kB, except: ["a b"] }
            """);

        assertThat(throttle.of(SignalKind.REPLICA_LAG))
                .isEqualTo(new SignalSettings(
                        true, true, Map.of("limit", 120.0, "bytes", 3e12), Set.of("Analytics", "standby2"), true));
        assertThat(throttle.of(SignalKind.COMMIT_LATENCY).limits()).isEqualTo(Map.of("limit", 3.0, "floor", 0.25));
        assertThat(throttle.of(SignalKind.REPLICATION_SLOTS).limits())
                .isEqualTo(Map.of("limit", 1e9, "retained", 64_000.0));
        assertThat(throttle.of(SignalKind.REPLICATION_SLOTS).except()).containsExactly("a b");
    }

    @Test
    void chosenSignalsAreTakenUp() {
        ThrottleSettings throttle = read("""
              throttle:
                prometheus: [{ name: p99, url: "https://prom:9090/x/", query: "max(p99{a='b'})", limit: 0.25 }]
                http:
                  - { name: brake, url: http://ops/brake?a=b%20c, every: 1h, on-unknown: ignore }
                  - { name: backlog, url: http://ops/state, pointer: /a~1b/0, limit: 500 }
                sql: [{ name: queue, query: "WITH q AS (SELECT 1) SELECT count(*) FROM q", limit: 1e3, every: 1s }]
            """);

        assertThat(throttle.chosen())
                .containsExactly(
                        new CustomSignal.Sql(
                                "queue",
                                "WITH q AS (SELECT 1) SELECT count(*) FROM q",
                                OptionalDouble.of(1000),
                                Duration.ofSeconds(1),
                                true),
                        new CustomSignal.Http(
                                "brake",
                                URI.create("http://ops/brake?a=b%20c"),
                                Optional.empty(),
                                OptionalDouble.empty(),
                                Duration.ofHours(1),
                                false),
                        new CustomSignal.Http(
                                "backlog",
                                URI.create("http://ops/state"),
                                Optional.of("/a~1b/0"),
                                OptionalDouble.of(500),
                                Duration.ofSeconds(5),
                                true),
                        new CustomSignal.Prometheus(
                                "p99",
                                URI.create("https://prom:9090/x/"),
                                "max(p99{a='b'})",
                                OptionalDouble.of(0.25),
                                Duration.ofSeconds(5),
                                true));
        assertThat(throttle.chosen()).extracting(CustomSignal::threshold).containsExactly(1000.0, 1.0, 500.0, 0.25);
    }

    @Test
    void windowsAreTakenUpAsWritten() {
        ThrottleSettings throttle = read("""
              throttle:
                windows: ["Mon-Fri 22:00-06:00 Europe/Berlin", " Sat, sunday  0:00-24:00   UTC "]
            """);

        assertThat(throttle.windows())
                .extracting(Window::text)
                .containsExactly("Mon-Fri 22:00-06:00 Europe/Berlin", "Sat, sunday  0:00-24:00   UTC");
    }

    @Test
    void theSchemaHasEverySignalWithItsLimits() {
        JsonNode schema = JsonMapper.shared().readTree(JobReader.schema());
        JsonNode throttle = schema.at("/properties/migrate/properties/throttle/properties");
        Set<String> keys = new LinkedHashSet<>(List.of("rows-per-second", "wal-per-hour", "cores"));
        Arrays.stream(SignalKind.values()).map(SignalKind::code).forEach(keys::add);
        keys.addAll(List.of("sql", "http", "prometheus", "windows"));
        assertThat(throttle.propertyNames()).containsExactlyElementsOf(keys);
        for (SignalKind kind : SignalKind.values()) {
            String ref = throttle.path(kind.code()).path("$ref").asString().substring(1);
            Set<String> inner = new TreeSet<>(kind.limits().keySet());
            inner.add("on-unknown");
            if (kind.hasExceptions()) {
                inner.add("except");
            }
            assertThat(new TreeSet<>(schema.at(ref).path("properties").propertyNames()))
                    .as(kind.code())
                    .isEqualTo(inner);
        }
    }

    @Test
    void theReferenceHasEverySignalWithItsDefaults() throws IOException {
        String reference = Files.readString(Path.of("docs/jobs.md"));
        for (SignalKind kind : SignalKind.values()) {
            String section = section(reference, "migrate.throttle." + kind.code());
            String row = reference
                    .lines()
                    .filter(l -> l.startsWith("| `" + kind.code() + "` |"))
                    .findFirst()
                    .orElse("");
            kind.limits().forEach((name, limit) -> {
                String byDefault = "`" + LimitText.format(kind.unit(name), limit) + "`";
                assertThat(section).as(kind.code()).contains("`" + name + "`", "default " + byDefault);
                assertThat(row).as(kind.code()).contains(byDefault);
            });
            assertThat(section).contains("`on-unknown`");
            assertThat(section.contains("`except`")).isEqualTo(kind.hasExceptions());
        }
        JsonNode lists = JsonMapper.shared()
                .readTree(JobReader.schema())
                .at("/properties/migrate/properties/throttle/properties");
        for (String list : List.of("sql", "http", "prometheus")) {
            String section = section(reference, "migrate.throttle." + list);
            assertThat(section)
                    .contains(lists.path(list).at("/items/properties").propertyNames().stream()
                            .map(n -> "`" + n + "`")
                            .toList());
        }
    }

    private static String section(String reference, String key) {
        int start = reference.indexOf("### `" + key + "`\n");
        assertThat(start).as(key).isPositive();
        return reference.substring(start, reference.indexOf("\n### ", start)).replace('\n', ' ');
    }
}
