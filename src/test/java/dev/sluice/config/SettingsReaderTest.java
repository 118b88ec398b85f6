package dev.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

class SettingsReaderTest {
    private static final String HASH = TokenHash.of("a token").code();
    private static final Map<String, String> LEAST = Map.of(
            "SLUICE_DATABASES_MAIN_URL", "jdbc:postgresql://localhost/app",
            "SLUICE_DATABASES_MAIN_USER", "sluice",
            "HOSTNAME", "box");

    @TempDir
    Path folder;

    @Test
    void threeVariablesAreEnough() {
        Settings s = read(Map.of("SLUICE_DATABASES_MAIN_PASSWORD", "p$a,s\\s${x}"));
        assertThat(s.controlDatabase().password()).contains("p$a,s\\s${x}");
        assertThat(s.controlDatabase().lockTimeout()).isEqualTo(Duration.ofMillis(500));
        assertThat(s.controlDatabase().cores()).isEmpty();
        assertThat(s.http().host()).isEqualTo("127.0.0.1");
        assertThat(s.http().maxBody()).isEqualTo(16_000);
        assertThat(s.worker().name()).isEqualTo("box");
    }

    @Test
    void fileIsReadAsWrittenAndTheEnvironmentWins() throws IOException {
        Settings s = read(
                """
                databases:
                  main: { url: jdbc:postgresql://db/app, user: 0123, password: 1e5 }
                  my-orders:
                    url: jdbc:postgresql://db/orders
                    user: orders
                    lock-timeout: 250ms
                    cores: 16
                http:
                  port: 9000
                  tokens:
                    - { name: ci, role: operator, hash: %s }
                verify:
                """.formatted(HASH),
                Map.of(
                        "SLUICE_DATABASES_MY_ORDERS_IDLE_IN_TRANSACTION_TIMEOUT", "7s",
                        "SLUICE_DATABASES_MY_ORDERS_WAL_PER_HOUR", "20GB",
                        "SLUICE_HTTP_PORT", "0",
                        "SLUICE_HTTP_TOKENS_0_NAME", "pipeline",
                        "SLUICE_JOBS", ""));
        assertThat(s.databases()).containsOnlyKeys("main", "my-orders");
        assertThat(s.databases().get("main")).isNotNull().satisfies(d -> {
            assertThat(d.user()).isEqualTo("sluice"); // from the environment
            assertThat(d.password()).contains("1e5");
        });
        assertThat(s.databases().get("my-orders")).isNotNull().satisfies(d -> {
            assertThat(d.lockTimeout()).isEqualTo(Duration.ofMillis(250));
            assertThat(d.cores()).contains(16);
            assertThat(d.idleInTransactionTimeout()).isEqualTo(Duration.ofSeconds(7));
            assertThat(d.walPerHour()).contains(20_000_000_000L);
            assertThat(d.rowsPerSecond()).isEmpty();
        });
        assertThat(s.http().port()).isZero();
        assertThat(s.http().host()).isEqualTo("0.0.0.0");
        assertThat(s.http().tokens()).singleElement().satisfies(t -> {
            assertThat(t.name()).isEqualTo("pipeline");
            assertThat(t.hash().matches("a token")).isTrue();
            assertThat(t.hash().matches("another")).isFalse();
        });
        assertThat(s.jobs()).isEqualTo(Path.of("jobs"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SLUICE_HTTP_PROT         | 8081      | SLUICE_HTTP_PROT: unknown variable. Fix: write SLUICE_HTTP_PORT
            SLUICE_DATABASES_MAIN_UR | x         | Fix: write SLUICE_DATABASES_MAIN_URL
            SLUICE_HTTP_PORT         | abc       | SLUICE_HTTP_PORT: http.port: "abc" is not a whole number.
            SLUICE_HTTP_PORT         | 65536     | http.port: 65536 is out of range. Fix: write 0 to 65535.
            SLUICE_HTTP_PUBLIC_METRICS | yes     | "yes" is not true or false
            SLUICE_WORKER_HEARTBEAT  | 2 seconds | "2 seconds" is not a number with ms, s, m, h or d
            SLUICE_WORKER_HEARTBEAT  | 10s       | worker.takeover: 10s is less than two heartbeats of 10s. Fix: write at least 20s
            SLUICE_WORKER_NAME       | a b       | SLUICE_WORKER_NAME: worker.name: "a b" cannot be a worker's name
            SLUICE_HTTP_MAX_BODY     | 1PB       | http.max-body: "1PB" is not a whole number with B, kB, MB, GB or TB
            SLUICE_HTTP_MAX_BODY     | 1GB       | http.max-body: 1000000000 bytes is out of range. Fix: write 1kB to 1MB
            SLUICE_DATABASES_MAIN_ROWS_PER_SECOND | 0     | databases.main.rows-per-second: 0 is out of range. Fix: write 1 to 1000000000
            SLUICE_DATABASES_MAIN_ROWS_PER_SECOND | fast  | databases.main.rows-per-second: "fast" is not a whole number.
            SLUICE_DATABASES_MAIN_WAL_PER_HOUR | 20       | databases.main.wal-per-hour: "20" is not a whole number with B, kB, MB, GB or TB
            SLUICE_DATABASES_MAIN_WAL_PER_HOUR | 999kB    | databases.main.wal-per-hour: 999kB is out of range. Fix: write 1MB to 1000TB.
            SLUICE_DATABASES_MAIN_WAL_PER_HOUR | 1001TB   | databases.main.wal-per-hour: 1001TB is out of range. Fix: write 1MB to 1000TB.
            SLUICE_THROTTLE_CORES    | 0         | throttle.cores: 0.0 is out of range. Fix: write 0.001 to 1.0.
            SLUICE_THROTTLE_CORES    | 5%        | throttle.cores: "5%" is not a number
            SLUICE_THROTTLE_CORES    | NaN       | throttle.cores: NaN is out of range
            SLUICE_THROTTLE_SHORTEST_BATCH | 2s  | throttle.shortest-batch: 2s is out of range. Fix: write 1ms to 1s.
            SLUICE_THROTTLE_START    | 1.5       | throttle.start: 1.5 is out of range
            SLUICE_THROTTLE_WEIGHT   | 0         | throttle.weight: 0.0 is out of range
            SLUICE_THROTTLE_PROBE    | 1         | throttle.probe: 1.0 is out of range
            SLUICE_THROTTLE_SHRINK   | 1         | throttle.shrink: 1.0 is out of range
            SLUICE_THROTTLE_URGENT   | 0.5       | throttle.urgent: 0.5 is out of range
            SLUICE_THROTTLE_GROWTH   | 1         | throttle.growth: 1.0 is out of range
            SLUICE_HTTP_MAX_BODY     | 999999MB  | is out of range. Fix: write 1kB to 1MB
            SLUICE_CONTROL           | other     | control: there is no database "other". Fix: name one of main
            SLUICE_HTTP_HOST         | 0.0.0.0   | http.host: "0.0.0.0" can be reached from other machines, and there is no token
            SLUICE_DATABASES_MAIN_LOCK_TIMEOUT | 1s | lock-timeout: 1s is out of range. Fix: write 10ms to 999ms
            SLUICE_DATABASES_MAIN_CORES | 0       | databases.main.cores: 0 is out of range. Fix: write 1 to 4096.
            SLUICE_DATABASES_MAIN_CORES | 4097    | databases.main.cores: 4097 is out of range. Fix: write 1 to 4096.
            SLUICE_DATABASES_MAIN_CORES | four    | SLUICE_DATABASES_MAIN_CORES: databases.main.cores: "four" is not a whole number
            SLUICE_DATABASES_MAIN_CORES | 2.5     | databases.main.cores: "2.5" is not a whole number
            SLUICE_DATABASES_MAIN_STATEMENT_TIMEOUT | 2m | transaction-timeout: 1m is below databases.main.statement-timeout, 2m
            SLUICE_DATABASES_MAIN_URL | jdbc:postgresql://x/y?sslmode=require&ApplicationName=z | databases.main.url: gives the sessions an ApplicationName, and they are known by theirs, which is sluice. Fix: take it out
            SLUICE_DATABASES_MAIN_URL | jdbc:mysql://x/y | databases.main.url: is not the JDBC URL of a PostgreSQL
            SLUICE_DATABASES_OTHER_URL | jdbc:postgresql:x | databases.other.user: is missing. Fix: set databases.other.user in the file, or SLUICE_DATABASES_OTHER_USER
            SLUICE_HTTP_TOKENS_0_NAME | ci       | http.tokens[0].role: is missing.
            SLUICE_RETRY_MAX_WAIT    | 100ms     | retry.max-wait: 100ms is below retry.first-wait, 200ms
            SLUICE_CONFIG            | /no/file  | /no/file: there is no such file.
            """)
    void refusesABadVariable(String variable, String value, String message) {
        assertThat(refusal(Optional.empty(), Map.of(variable, value))).contains(message);
    }

    @Test
    void allMistakesComeAtOnceEvenWhereSomethingIsMissing() {
        String refused = refusal(
                Optional.empty(),
                Map.of(
                        "SLUICE_DATABASES_OTHER_URL", "jdbc:mysql://x/y",
                        "SLUICE_HTTP_PORT", "65536",
                        "SLUICE_WORKER_HEARTBEAT", "soon",
                        "SLUICE_HTTP_TOKENS_0_NAME", "a b",
                        "SLUICE_RETRY_MAX_WAIT", "100ms"));
        assertThat(refused)
                .contains(
                        "databases.other.user: is missing",
                        "databases.other.url: is not the JDBC URL of a PostgreSQL",
                        "http.port: 65536 is out of range",
                        "worker.heartbeat: \"soon\" is not",
                        "http.tokens[0].role: is missing",
                        "http.tokens[0].hash: is missing",
                        "http.tokens[0].name: \"a b\" cannot be",
                        "retry.max-wait: 100ms is below")
                .startsWith("The configuration has 8 mistakes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'http: { prot: 1 }'                   | sluice.yaml:1: http.prot: unknown key. Fix: write http.port
            'sluice: { http: { port: 1 } }'       | sluice.yaml:1: sluice.http.port: unknown key. Fix: write http.port
            'databases: { main: { poolsize: 1}}'  | databases.main.poolsize: unknown key. Fix: write databases.main.pool-size
            'http: { port: }'                     | sluice.yaml:1: http.port: is missing
            'http: 12'                            | sluice.yaml:1: http: unknown key
            'http: { port: 1, port: 2 }'          | http.port: the key stands here twice
            'a: [b'                               | sluice.yaml:1: not YAML
            '- a'                                 | sluice.yaml:1: the file is not a list of keys
            'databases: { Main: { url: x }}'      | databases.Main.url: unknown key
            'http: { tokens: [ { name: local, role: boss, hash: abc } ] }' | http.tokens[0].role: "boss" is not viewer, operator or approver
            """)
    void refusesABadFile(String yaml, String message) throws IOException {
        assertThat(refusal(Optional.of(file(yaml)), Map.of())).contains(message);
    }

    @Test
    void tellsEveryMistakeInOneGo() throws IOException {
        String message = refusal(
                Optional.of(file("http:\n  port: x\n  prot: 1\nworker:\n  threads: many\n")),
                Map.of("SLUICE_FOO", "1"));
        assertThat(message)
                .startsWith("The configuration has 4 mistakes:")
                .contains(
                        "sluice.yaml:2: http.port",
                        "sluice.yaml:3: http.prot",
                        "sluice.yaml:5: worker.threads",
                        "SLUICE_FOO");
    }

    @Test
    void tokensHaveNamesOfTheirOwn() {
        var variables = new HashMap<String, String>();
        for (String i : new String[] {"0", "1"}) {
            variables.put("SLUICE_HTTP_TOKENS_" + i + "_NAME", "ci");
            variables.put("SLUICE_HTTP_TOKENS_" + i + "_ROLE", "viewer");
            variables.put("SLUICE_HTTP_TOKENS_" + i + "_HASH", HASH);
        }
        assertThat(refusal(Optional.empty(), variables))
                .contains("http.tokens[1].name: \"ci\" is the name of another token");
    }

    @Test
    void withoutADatabaseItSaysWhichVariablesToSet() {
        Problem p = catchThrowableOfType(Problem.class, () -> SettingsReader.read(Optional.empty(), Map.of()));
        assertThat(p.getMessage()).contains("SLUICE_DATABASES_MAIN_URL", "SLUICE_DATABASES_MAIN_USER");
    }

    @Test
    void whatKubernetesSetsForAServiceIsNoSetting() {
        assertThat(read(Map.of(
                                "SLUICE_PORT", "tcp://10.0.0.1:8080",
                                "SLUICE_SERVICE_HOST", "10.0.0.1",
                                "SLUICE_WORKER_SERVICE_PORT_HTTP", "8080",
                                "SLUICE_PORT_8080_TCP_ADDR", "10.0.0.1"))
                        .http()
                        .port())
                .isEqualTo(8080);
    }

    @Test
    void secretsAreNeitherPrintedNorLoggedNorInRefusals() throws IOException {
        var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var log = new ListAppender<ILoggingEvent>();
        log.start();
        root.addAppender(log);
        String refused;
        Settings s;
        try {
            s = read(
                    "http:\n  tokens:\n    - { name: ci, role: viewer, hash: '%s' }\n".formatted(HASH),
                    Map.of("SLUICE_DATABASES_MAIN_PASSWORD", "s3cret"));
            LoggerFactory.getLogger("dev.sluice.test").error("{}\n{}", s, s.redacted());
            refused = refusal(
                    Optional.empty(),
                    Map.of(
                            "SLUICE_DATABASES_MAIN_PASSWORD", "s3cret",
                            "SLUICE_DATABASES_MAIN_URL", "jdbc:postgresql://localhost/app?user=x&password=s3cret"));
            refused += refusal(Optional.empty(), Map.of("SLUICE_HTTP_TOKENS_0_HASH", "s3cret"));
        } finally {
            root.detachAppender(log);
        }
        assertThat(s.redacted())
                .contains("databases.main.password=(hidden)", "databases.main.user=sluice", "http.port=8080");
        assertThat(refused)
                .contains("holds credentials", "http.tokens[0].hash: the value is not sha256:")
                .doesNotContain("s3cret");
        assertThat(log.list)
                .isNotEmpty()
                .allSatisfy(line -> assertThat(line.getFormattedMessage())
                        .doesNotContain("s3cret", HASH.substring("sha256:".length())));
        assertThat(log.list.toString()).doesNotContain("s3cret");
    }

    private Settings read(Map<String, String> more) {
        return SettingsReader.read(Optional.empty(), with(more));
    }

    private Settings read(String yaml, Map<String, String> more) throws IOException {
        return SettingsReader.read(Optional.of(file(yaml)), with(more));
    }

    private Path file(String yaml) throws IOException {
        return Files.writeString(folder.resolve("sluice.yaml"), yaml);
    }

    private String refusal(Optional<Path> file, Map<String, String> more) {
        Problem p = catchThrowableOfType(Problem.class, () -> SettingsReader.read(file, with(more)));
        assertThat(p).as("nothing was refused").isNotNull();
        assertThat(p.code()).isEqualTo("bad-settings");
        return p.getMessage();
    }

    private static Map<String, String> with(Map<String, String> more) {
        var all = new HashMap<>(LEAST);
        all.putAll(more);
        return all;
    }
}
