package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.testing.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Tokens and roles from the configuration file to the event log, and what the log must never say. */
@Tag("database")
class WorkerAccessIT {
    /** Jetty quotes whole requests at DEBUG, and no setting of the product gets it there. */
    private static final Set<String> TALKERS = Set.of("org.eclipse.jetty");

    private static final String PASSWORD = "Pa55-of-the-role";

    @TempDir
    Path folder;

    private final Map<Logger, Level> levels =
            new TreeMap<>((a, b) -> a.getName().compareTo(b.getName()));
    private final List<Appender<ILoggingEvent>> quiet = new ArrayList<>();
    private final StringBuffer log = new StringBuffer();
    private final AppenderBase<ILoggingEvent> listening = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
            log.append(line.getLoggerName()).append(' ').append(line.getFormattedMessage());
            log.append(' ')
                    .append(ThrowableProxyUtil.asString(line.getThrowableProxy()))
                    .append('\n');
        }
    };

    @BeforeEach
    void everythingIsLogged() {
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.iteratorForAppenders().forEachRemaining(quiet::add);
        quiet.forEach(root::detachAppender);
        listening.setContext(context);
        listening.start();
        root.addAppender(listening);
        context.getLoggerList().stream()
                .filter(l -> l.getLevel() != null && !TALKERS.contains(l.getName()))
                .forEach(l -> {
                    levels.put(l, l.getLevel());
                    l.setLevel(Level.DEBUG);
                });
    }

    @AfterEach
    void asBefore() {
        levels.forEach(Logger::setLevel);
        var root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAppender(listening);
        quiet.forEach(root::addAppender);
    }

    /** The token in clear, and its lines for the configuration file. */
    private record Given(String token, String lines) {}

    private static Given token(String name, String role) throws Exception {
        var made = new ObjectMapper()
                .readTree(Bench.cli(Map.of(), "token", name, "--role", role, "--output", "json")
                        .out());
        String lines = "    - name: " + name + "\n      role: " + role + "\n      hash: "
                + made.path("hash").asText() + "\n";
        return new Given(made.path("token").asText(), lines);
    }

    @Test
    void rolesDecideAndSecretsStaySecret() throws Exception {
        var db = TestPostgres.create();
        Bench.people(db, 500);
        String role = "sluice_" + ProcessHandle.current().pid();
        db.run("CREATE ROLE " + role + " SUPERUSER LOGIN PASSWORD '" + PASSWORD + "'");
        Given viewer = token("dashboard", "viewer");
        Given operator = token("pipeline", "operator");
        Path config = folder.resolve("sluice.yaml");
        Files.writeString(config, "http:\n  host: 127.0.0.1\n  tokens:\n" + viewer.lines + operator.lines);
        Path jobs = Files.createDirectory(folder.resolve("jobs"));
        Files.writeString(jobs.resolve("upper.yaml"), Bench.slow("upper"));
        var environment = Bench.environment(jobs, db);
        environment.put("SLUICE_DATABASES_MAIN_USER", role);
        environment.put("SLUICE_DATABASES_MAIN_PASSWORD", PASSWORD);

        try (Bench bench = Bench.start(jobs, environment, Optional.of(config))) {
            strangers(bench);
            viewerMayLook(bench.as(viewer.token));
            operatorMayRun(bench.as(operator.token));
        }

        List<String> lines = log.toString().lines().toList();
        for (String told : List.of("is carried by", "takes work", "com.zaxxer.hikari", "org.quartz", "org.flywaydb")) {
            assertThat(lines.stream().anyMatch(line -> line.contains(told)))
                    .as(told)
                    .isTrue();
        }
        List<String> secrets = List.of(PASSWORD, viewer.token, operator.token, hash(viewer), hash(operator), "NAME 17");
        assertThat(lines.stream().filter(line -> secrets.stream().anyMatch(line::contains)))
                .as("lines with secrets, in the log of a whole run at DEBUG")
                .isEmpty();
    }

    private static String hash(Given given) {
        return given.lines.substring(given.lines.indexOf("sha256:") + 7).strip();
    }

    private static void strangers(Bench bench) {
        assertThat(bench.get("/api/v1/jobs").status()).isEqualTo(401);
        assertThat(bench.get("/health/ready").status()).isEqualTo(200);
        assertThat(bench.get("/metrics").status()).isEqualTo(200);
        assertThat(bench.as("sluice_guessed").get("/api/v1/jobs").at("/code")).isEqualTo("token-unknown");
        var told = bench.cli("status");
        assertThat(told.code()).isEqualTo(2);
        assertThat(told.err()).contains("token").doesNotContain("sluice_guessed");
    }

    private static void viewerMayLook(Bench bench) {
        assertThat(bench.get("/api/v1/jobs").at("/jobs/0/job")).isEqualTo("upper");
        var plan = bench.post("/api/v1/jobs/upper/plan");
        assertThat(plan.body().at("/runnable").asBoolean()).as(plan.text()).isTrue();
        assertThat(plan.body().at("/sample")).isEmpty();
        assertThat(plan.body().at("/sampleHidden").asBoolean()).isTrue();
        assertThat(plan.text()).doesNotContain("NAME 1");
        var shown = bench.cli("plan", "upper");
        assertThat(shown.code()).isZero();
        assertThat(shown.out()).as("says why there is no sample").contains("operator");
        var start = bench.post("/api/v1/jobs/upper/runs");
        assertThat(start.status()).isEqualTo(403);
        assertThat(start.at("/detail")).contains("dashboard", "viewer", "operator");
        var run = bench.cli("run", "upper");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("dashboard", "viewer", "operator");
    }

    private static void operatorMayRun(Bench bench) {
        var plan = bench.post("/api/v1/jobs/upper/plan");
        assertThat(plan.body().at("/sample").size()).isEqualTo(5);
        assertThat(plan.at("/sample/0/after/upper_name")).startsWith("NAME ");
        String run = bench.run("upper");
        bench.awaitRows(run);
        assertThat(bench.cli("tune", "upper", "--rows-per-second", "0").code()).isZero();
        bench.awaitState(run, "succeeded");
        var events = bench.get("/api/v1/events?run=" + run).body().at("/events");
        assertThat(events.findValuesAsText("actor")).contains("pipeline").doesNotContain("local");
        assertThat(bench.get("/api/v1/runs/" + run).at("/requestedBy")).isEqualTo("pipeline");
    }
}
