package dev.sluice;

import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.sluice.cli.ApiClient;
import dev.sluice.cli.CliDependencies;
import dev.sluice.cli.CommandLineApp;
import dev.sluice.cli.FollowRun;
import dev.sluice.cli.PrintGate;
import dev.sluice.cli.Terminal;
import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import dev.sluice.database.Database;
import dev.sluice.database.DatabaseSettings;
import dev.sluice.database.Databases;
import dev.sluice.dev.Dev;
import dev.sluice.dev.DevClient;
import dev.sluice.dev.DevOptions;
import dev.sluice.dev.DevWorker;
import dev.sluice.dev.StateFolder;
import dev.sluice.execution.DatabaseLimits;
import dev.sluice.job.JobReader;
import dev.sluice.metrics.Meters;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.Retries;
import dev.sluice.resilience.RowRates;
import dev.sluice.schedule.QuartzCronCheck;
import dev.sluice.time.Time;
import io.github.resilience4j.micrometer.tagged.TaggedRateLimiterMetrics;
import io.github.resilience4j.micrometer.tagged.TaggedRetryMetrics;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/** Puts the parts together; the only place that does. */
final class Wiring {
    private Wiring() {}

    /** The command line with everything behind it. */
    static CommandLineApp commandLine(Terminal terminal) {
        Time time = terminal.time();
        return new CommandLineApp(
                new CliDependencies(
                        version(),
                        new JobReader(new QuartzCronCheck()),
                        config -> worker(config, terminal),
                        Wiring::dev),
                terminal);
    }

    static String version() {
        String version = Wiring.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }

    private static int worker(Optional<Path> config, Terminal terminal) throws InterruptedException {
        Settings settings = SettingsReader.read(config, terminal.environment());
        CountDownLatch closed = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        var starting = new Starting(Thread.currentThread());
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            asked.countDown();
                            starting.giveUp();
                            await(closed);
                        },
                        "stop"));
        try (Worker worker = Worker.start(settings, terminal.time())) {
            starting.over();
            asked.await();
        } catch (InterruptedException e) {
            // asked to stop while it started; what was open is closed by now
        } finally {
            closed.countDown();
        }
        return 0;
    }

    /**
     * A start may wait for a database without end, so a stop signal interrupts it; but never the orderly stop after it.
     */
    private static final class Starting {
        private final Thread starter;
        private boolean over;

        Starting(Thread starter) {
            this.starter = starter;
        }

        synchronized void giveUp() {
            if (!over) {
                starter.interrupt();
            }
        }

        /** Called by the starter. */
        synchronized void over() {
            over = true;
            var unused = Thread.interrupted();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int dev(CliDependencies.DevOptions options, Terminal terminal) {
        OptionalLong rows = options.rows();
        return new Dev(
                        StateFolder.ofUser(terminal.environment()),
                        s -> devWorker(s, terminal),
                        devDoors(terminal),
                        terminal.out(),
                        terminal.time())
                .run(new DevOptions(rows, options.fresh(), options.exit(), options.port(), exampleJobs(terminal)));
    }

    /** {@code SLUICE_JOBS}, or the folder {@code jobs} beside the launcher, from wherever it is called. */
    private static Path exampleJobs(Terminal terminal) {
        String named = terminal.environment().get("SLUICE_JOBS");
        return named != null
                ? Path.of(named)
                : Path.of(System.getProperty("launcher.home", "."), "jobs").normalize();
    }

    private static DevWorker devWorker(DevWorker.Settings given, Terminal terminal) {
        Map<String, String> environment = new TreeMap<>(Map.of(
                "SLUICE_DATABASES_MAIN_URL", given.url(),
                "SLUICE_DATABASES_MAIN_USER", given.user(),
                "SLUICE_DATABASES_MAIN_PASSWORD", given.password(),
                "SLUICE_HTTP_PORT", Integer.toString(given.port()),
                "SLUICE_JOBS", given.jobs().toString()));
        try {
            Worker worker = Worker.start(SettingsReader.read(Optional.empty(), environment), terminal.time());
            return new DevWorker() {
                @Override
                public String url() {
                    return worker.url();
                }

                @Override
                public List<String> jobs() {
                    return worker.jobNames();
                }

                @Override
                public void close() {
                    worker.close();
                }
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Problem(Problem.Kind.UNAVAILABLE, "stopped", "Stopped before the worker had started.");
        }
    }

    private static DevClient devDoors(Terminal terminal) {
        Terminal quiet = terminal.withoutInterrupts();
        return new DevClient() {
            @Override
            public boolean isOpen(String server, String job) {
                return gate(server, job).path("open").asBoolean();
            }

            @Override
            public void follow(String server, String job) {
                ApiClient worker = new ApiClient(URI.create(server), Optional.empty());
                try {
                    var unused = new FollowRun(worker, quiet, false).follow(startOrJoin(worker, job));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            private String startOrJoin(ApiClient worker, String job) {
                try {
                    return worker.post("/jobs/" + job + "/runs", Map.of())
                            .path("run")
                            .path("id")
                            .asText();
                } catch (ApiClient.Refused e) {
                    if (e.problem().path("code").asText().equals("live-run-exists")) {
                        return e.problem().path("details").path("run").asText();
                    }
                    throw new Problem(
                            Problem.Kind.CONFLICT, e.problem().path("code").asText(), String.valueOf(e.getMessage()));
                }
            }

            @Override
            public boolean printGate(String server, String job) {
                return new PrintGate(quiet, false).print(gate(server, job));
            }

            private com.fasterxml.jackson.databind.JsonNode gate(String server, String job) {
                return new ApiClient(URI.create(server), Optional.empty()).get("/jobs/" + job + "/gates/switch");
            }
        };
    }

    /** The databases as the database room knows them, by name. */
    static List<DatabaseSettings> databases(Settings settings) {
        return settings.databases().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(e -> DatabaseSettings.of(e.getKey(), e.getValue()))
                .toList();
    }

    /** What may be done on each database, by its name. */
    static Map<String, DatabaseLimits> limits(Settings settings) {
        return settings.databases().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        e -> new DatabaseLimits(
                                e.getValue().rowsPerSecond(), e.getValue().walPerHour())));
    }

    /** Meters of the libraries: pools, retries, limits. */
    static void bindMeters(Meters meters, Databases databases, Database store, Retries retries, RowRates rates) {
        var pools = new MicrometerMetricsTrackerFactory(meters.registry());
        for (Database database : databases.all()) {
            database.pool().setMetricsTrackerFactory(pools);
        }
        databases.aroundTargets().pool().setMetricsTrackerFactory(pools);
        store.pool().setMetricsTrackerFactory(pools);
        TaggedRetryMetrics.ofRetryRegistry(retries.registry()).bindTo(meters.registry());
        TaggedRateLimiterMetrics.ofRateLimiterRegistry(rates.registry()).bindTo(meters.registry());
    }
}
