package dev.sluice;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ExposedPort;
import dev.sluice.testing.Docker;
import dev.sluice.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The image of {@code Dockerfile}: what is in it, and two workers of it on a PostgreSQL, one of which dies in mid-run.
 * The daemon builds it by its own builder, without BuildKit. Skipped, with the reason, where there is no Docker.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DockerIT {
    private static final String POSTGRES = "postgres:18";
    private static final String[] IMAGES = {"maven:3.9-eclipse-temurin-25", "eclipse-temurin:25-jre", POSTGRES};

    /** A worker shall do with so much, the JVM and all it maps included. */
    private static final long MEMORY = 256L << 20;

    private static final int ROWS = 3_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String WITH_JOBS = "-jobs";

    private static String image = "";

    /** Before each test: what is skipped before all of them, nobody counts as skipped. */
    @BeforeEach
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void buildOnce() throws Exception {
        Optional<String> lacking = image.isEmpty() ? Docker.lacks(IMAGES) : Optional.empty();
        assumeTrue(lacking.isEmpty(), () -> lacking.orElse(""));
        if (image.isEmpty()) {
            image = new ImageFromDockerfile(
                            "sluice-it:" + ProcessHandle.current().pid(), false)
                    .withDockerfile(Path.of("Dockerfile").toAbsolutePath())
                    .get(14, TimeUnit.MINUTES);
        }
    }

    /** The layers of the build stay in the daemon, so that the next build is quick. */
    @AfterAll
    static void remove() {
        for (String made : List.of(image + WITH_JOBS, image)) {
            try {
                if (!image.isEmpty()) {
                    docker().removeImageCmd(made).withForce(true).exec();
                }
            } catch (NotFoundException e) {
                // the test that makes it was not run
            }
        }
    }

    private static DockerClient docker() {
        return DockerClientFactory.lazyClient();
    }

    /** What a container of the image says that runs one command and ends well. */
    private static String runOnce(GenericContainer<?> container) {
        try (container) {
            container
                    .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(Duration.ofSeconds(60)))
                    .start();
            return container.getLogs();
        }
    }

    private static String shell(String script) {
        return runOnce(new GenericContainer<>(image)
                .withCreateContainerCmdModifier(
                        c -> c.withEntrypoint("sh", "-c").withCmd(script)));
    }

    @Test
    void holdsWhatAWorkerNeedsAndNothingElse() {
        assertThat(shell("id -u; id -g")).isEqualTo("10001\n10001\n");
        assertThat(shell("find / -name '*.jar' 2>/dev/null; true"))
                .as("jars")
                .contains("/opt/sluice/target/sluice.jar", "/opt/sluice/target/lib/quartz-")
                .doesNotContain("embedded", "zonky", "/xz-", "commons-compress", "lib-dev", "junit", "jooq-codegen");
        assertThat(shell(
                        "command -v javac mvn jlink; find / -xdev -name .m2 2>/dev/null; ls -d /src 2>/dev/null; true"))
                .as("what only a build needs")
                .isEmpty();
        assertThat(shell("find /opt/sluice /jobs -writable; true"))
                .as("writable for the worker")
                .isEmpty();
        var config = requireNonNull(docker().inspectImageCmd(image).exec().getConfig());
        assertThat(config.getUser()).isEqualTo("10001:10001");
        assertThat(config.getCmd()).containsExactly("worker");
        assertThat(config.getExposedPorts()).containsExactly(ExposedPort.tcp(8080));
        assertThat(config.getLabels()).containsEntry("org.opencontainers.image.title", "Sluice");
    }

    @Test
    void isAlsoTheCommandLine() {
        assertThat(runOnce(new GenericContainer<>(image).withCommand("--version")))
                .startsWith("sluice 0.");
        assertThat(shell("/opt/sluice/sluice dev 2>&1; echo code $?"))
                .contains("embedded PostgreSQL", "code 2")
                .doesNotContain("    at ");
    }

    @Test
    void oneOfTwoWorkersDiesAndTheOtherOpensTheGate() throws Exception {
        JsonNode token = JSON.readTree(runOnce(new GenericContainer<>(image)
                .withCommand("token", "pipeline", "--role", "operator", "--output", "json")));
        String withJobs = new ImageFromDockerfile(image + WITH_JOBS, false)
                .withFileFromString("upper.yaml", Bench.slow("upper"))
                .withFileFromString("Dockerfile", "FROM " + image + "\nCOPY upper.yaml /jobs/\n")
                .get(1, TimeUnit.MINUTES);
        try (Network network = Network.newNetwork();
                PostgreSQLContainer postgres =
                        new PostgreSQLContainer(POSTGRES).withNetwork(network).withNetworkAliases("db");
                GenericContainer<?> one = worker(withJobs, network, "one", token);
                GenericContainer<?> two = worker(withJobs, network, "two", token)) {
            postgres.start();
            var database =
                    new TestPostgres.Fresh(postgres.getJdbcUrl(), postgres.getUsername(), postgres.getPassword());
            Bench.people(database, ROWS);
            Startables.deepStart(one, two).get(3, TimeUnit.MINUTES); // until Docker calls them healthy
            story(List.of(one, two), token.path("token").asText(), network, database);
        }
    }

    private static void story(
            List<GenericContainer<?>> workers, String token, Network network, TestPostgres.Fresh database) {
        for (GenericContainer<?> worker : workers) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> ask(worker, "", "GET", "/health/ready").status() == 200);
            assertThat(worker.getCurrentContainerInfo().getState().getHealth().getStatus())
                    .isEqualTo("healthy");
        }
        assertThat(ask(workers.getFirst(), "", "GET", "/api/v1/jobs").status()).isEqualTo(401);
        var started = ask(workers.getFirst(), token, "POST", "/api/v1/jobs/upper/runs");
        assertThat(started.status()).as(started.text()).isEqualTo(202);
        String run = "/api/v1/runs/" + started.at("/run/id");
        for (GenericContainer<?> worker : workers) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> ask(worker, token, "GET", run)
                                    .body()
                                    .at("/progress/changed")
                                    .asLong()
                            > 0);
        }
        // without a name of its own, a worker is called as its host: the beginning of the container's id
        String owner =
                ask(workers.getLast(), token, "GET", run).at("/lanes/0/worker").replaceAll("#.*", "");
        GenericContainer<?> victim = workers.stream()
                .filter(w -> w.getContainerId().startsWith(owner))
                .findFirst()
                .orElseThrow(() -> new AssertionError(owner));
        GenericContainer<?> heir =
                workers.stream().filter(w -> w != victim).findFirst().orElseThrow();

        docker().killContainerCmd(victim.getContainerId()).exec();
        assertThat(database.value("SELECT count(upper_name) FROM app.people"))
                .as("in mid-run")
                .isNotEqualTo(Integer.toString(ROWS));
        runOnce(client(network, token, "tune", "upper", "--rows-per-second", "0", "--server", address(heir)));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> ask(heir, token, "GET", run).at("/state").equals("succeeded"));
        assertThat(database.value("SELECT count(upper_name) FROM app.people")).isEqualTo(Integer.toString(ROWS));
        assertThat(runOnce(client(network, token, "gate", "switch", "upper", "--server", address(heir))))
                .contains("upper: OPEN");

        long pressed = System.nanoTime();
        docker().stopContainerCmd(heir.getContainerId()).withTimeout(30).exec();
        assertThat(Duration.ofNanos(System.nanoTime() - pressed))
                .as("SIGTERM reaches Java")
                .isLessThan(Duration.ofSeconds(10));
        ContainerState ended =
                docker().inspectContainerCmd(heir.getContainerId()).exec().getState();
        assertThat(ended.getExitCodeLong()).isIn(0L, 143L);
        assertThat(ended.getOOMKilled()).isFalse();
    }

    private static GenericContainer<?> worker(String image, Network network, String alias, JsonNode token) {
        return new GenericContainer<>(image)
                .withNetwork(network)
                .withNetworkAliases(alias)
                .withExposedPorts(8080)
                .withEnv("SLUICE_DATABASES_MAIN_URL", "jdbc:postgresql://db:5432/test")
                .withEnv("SLUICE_DATABASES_MAIN_USER", "test")
                .withEnv("SLUICE_DATABASES_MAIN_PASSWORD", "test")
                .withEnv("SLUICE_HTTP_TOKENS_0_NAME", token.path("name").asText())
                .withEnv("SLUICE_HTTP_TOKENS_0_ROLE", token.path("role").asText())
                .withEnv("SLUICE_HTTP_TOKENS_0_HASH", token.path("hash").asText())
                .withEnv("SLUICE_WORKER_HEARTBEAT", "500ms")
                .withEnv("SLUICE_WORKER_TAKEOVER", "3s")
                .withEnv("SLUICE_WORKER_CHECK_IN", "1s")
                .withCreateContainerCmdModifier(c -> requireNonNull(c.getHostConfig())
                        .withMemory(MEMORY)
                        .withMemorySwap(MEMORY)
                        .withReadonlyRootfs(true)
                        .withCapDrop(Capability.ALL))
                .waitingFor(Wait.forHealthcheck().withStartupTimeout(Duration.ofSeconds(120)));
    }

    private static GenericContainer<?> client(Network network, String token, String... command) {
        return new GenericContainer<>(image)
                .withNetwork(network)
                .withEnv("SLUICE_TOKEN", token)
                .withCommand(command);
    }

    private static String address(GenericContainer<?> worker) {
        return "http://" + worker.getNetworkAliases().getLast() + ":8080";
    }

    private static Bench.Answer ask(GenericContainer<?> worker, String token, String method, String path) {
        String url = "http://" + worker.getHost() + ":" + worker.getMappedPort(8080);
        return Bench.ask(url, token, method, path, "");
    }
}
