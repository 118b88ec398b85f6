package dev.sluice.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.config.FreshToken;
import dev.sluice.config.Role;
import dev.sluice.job.JobFile;
import dev.sluice.job.JobReader;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that need no worker. */
final class LocalCommands {
    private LocalCommands() {}

    @Command(
            name = "validate",
            description = "Check job files without a database. Exit code 1 where there are mistakes.")
    static final class Validate extends Subcommand {
        private final CliDependencies dependencies;

        @Parameters(
                arity = "0..*",
                paramLabel = "FILE|FOLDER",
                description = "what to check (default: the folder in SLUICE_JOBS, or jobs)")
        List<Path> places = new ArrayList<>();

        @Option(
                names = "--print-schema",
                description = "print the JSON Schema of job files, for editors, and check nothing")
        boolean printSchema;

        Validate(Terminal terminal, CliDependencies dependencies) {
            super(terminal);
            this.dependencies = dependencies;
        }

        @Override
        public Integer call() {
            if (printSchema) {
                terminal.out().print(JobReader.schema());
                return Exit.DONE;
            }
            String folder = terminal.environment().getOrDefault("SLUICE_JOBS", "");
            List<Path> given = places.isEmpty() ? List.of(Path.of(folder.isEmpty() ? "jobs" : folder)) : places;
            List<JobFile> files = new JobPlaces(dependencies.jobs()).read(given);
            long bad = files.stream().filter(f -> f.job().isEmpty()).count();
            if (json()) {
                print(document(files));
            } else {
                files.forEach(f -> f.mistakes().forEach(m -> say(m.toString())));
                say(files.size() + (files.size() == 1 ? " file, " : " files, ")
                        + (bad == 0 ? "no mistakes" : bad + " with mistakes") + ".");
            }
            return bad == 0 ? Exit.DONE : Exit.CLOSED;
        }

        private static ObjectNode document(List<JobFile> files) {
            ObjectNode document = ApiClient.JSON.createObjectNode();
            ArrayNode list = document.putArray("files");
            for (JobFile file : files) {
                ObjectNode node = list.addObject().put("file", file.path());
                node.put("job", file.job().map(j -> j.name()).orElse(null));
                node.set("mistakes", ApiClient.JSON.valueToTree(file.mistakes()));
            }
            return document;
        }
    }

    @Command(
            name = "token",
            description =
                    "Make a bearer token. It is printed once, with the lines for the worker's configuration, and kept nowhere.")
    static final class Token extends Subcommand {
        @Parameters(paramLabel = "NAME", description = "stands in the event log as who did it")
        String name = "";

        @Option(names = "--role", required = true, paramLabel = "ROLE", description = "viewer, operator or approver")
        Role role = Role.VIEWER;

        Token(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            if (!name.matches("[A-Za-z0-9._-]{1,63}")) {
                throw usage("NAME takes 1 to 63 letters, digits, dots, dashes or underscores.");
            }
            FreshToken fresh = FreshToken.make(new SecureRandom());
            if (json()) {
                print(ApiClient.JSON
                        .createObjectNode()
                        .put("name", name)
                        .put("role", role.code())
                        .put("token", fresh.token())
                        .put("hash", fresh.hash().code()));
                return Exit.DONE;
            }
            say("The token, shown this once; give it to its user as SLUICE_TOKEN:");
            say("  " + fresh.token());
            say("For the worker's configuration file:");
            say("  http:");
            say("    tokens:");
            say("      - name: " + name);
            say("        role: " + role.code());
            say("        hash: " + fresh.hash().code());
            return Exit.DONE;
        }
    }

    @Command(name = "worker", description = "Run a worker until it is asked to stop.")
    static final class Worker extends Subcommand {
        private final CliDependencies dependencies;

        @Option(names = "--config", paramLabel = "FILE", description = "configuration file (default: SLUICE_CONFIG)")
        @Nullable
        Path config;

        Worker(Terminal terminal, CliDependencies dependencies) {
            super(terminal);
            this.dependencies = dependencies;
        }

        @Override
        public Integer call() throws Exception {
            return dependencies.worker().run(Optional.ofNullable(config));
        }
    }

    @Command(
            name = "dev",
            description =
                    "A first look: an embedded PostgreSQL with sample tables, a worker, and the example jobs run on them.")
    static final class Dev extends Subcommand {
        private final CliDependencies dependencies;

        @Option(
                names = "--rows",
                paramLabel = "N",
                description = "people in the sample tables (default: as they were left, else 500000)")
        @Nullable
        Long rows;

        @Option(names = "--fresh", description = "throw the data of earlier looks away")
        boolean fresh;

        @Option(names = "--exit", description = "end when the gates are open, instead of serving until Ctrl-C")
        boolean exit;

        @Option(
                names = "--port",
                paramLabel = "PORT",
                description = "of HTTP, 0 for any free one (default: ${DEFAULT-VALUE})")
        int port = 8080;

        Dev(Terminal terminal, CliDependencies dependencies) {
            super(terminal);
            this.dependencies = dependencies;
        }

        @Override
        public Integer call() throws Exception {
            if (rows != null && (rows < 1 || rows > 100_000_000)) {
                throw usage("--rows takes 1 to 100000000.");
            }
            if (port < 0 || port > 65_535) {
                throw usage("--port takes 0 to 65535.");
            }
            return dependencies
                    .dev()
                    .run(
                            new CliDependencies.DevOptions(
                                    rows == null ? OptionalLong.empty() : OptionalLong.of(rows), fresh, exit, port),
                            terminal);
        }
    }
}
