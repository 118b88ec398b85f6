package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Problem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A command that asks a worker. */
abstract class ServerSubcommand extends Subcommand {
    private static final String DEFAULT = "http://127.0.0.1:8080";
    private static final Pattern RUN_ID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    @Option(
            names = "--server",
            paramLabel = "URL",
            description = "the worker's address (default: SLUICE_SERVER, or " + DEFAULT + ")")
    @Nullable
    String server;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "file that holds the bearer token (default: the token in SLUICE_TOKEN)")
    @Nullable
    Path tokenFile;

    ServerSubcommand(Terminal terminal) {
        super(terminal);
    }

    /** The worker, as the options and the environment name it. */
    ApiClient server() {
        String text = server != null ? server : terminal.environment().getOrDefault("SLUICE_SERVER", "");
        return new ApiClient(address(text.isEmpty() ? DEFAULT : text), token());
    }

    private URI address(String text) {
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // refused below
        }
        throw usage("\"" + text + "\" is not a worker's address; write it like " + DEFAULT + ".");
    }

    private Optional<String> token() {
        if (tokenFile == null) {
            return Optional.ofNullable(terminal.environment().get("SLUICE_TOKEN"))
                    .map(String::strip)
                    .filter(t -> !t.isEmpty());
        }
        try {
            String token = Files.readString(tokenFile).strip();
            if (!token.isEmpty() && token.chars().allMatch(c -> c > ' ' && c < 127)) {
                return Optional.of(token);
            }
        } catch (IOException e) {
            throw new Problem(
                    Problem.Kind.INVALID,
                    "token-file",
                    "The token file " + tokenFile + " cannot be read. Fix --token-file.");
        }
        throw new Problem(
                Problem.Kind.INVALID, "token-file", "The file " + tokenFile + " must hold one token and nothing else.");
    }

    static boolean isRunId(String text) {
        return RUN_ID.matcher(text).matches();
    }

    /** The run's id: given as such, or as a job's name, which means its newest run. */
    static String runId(ApiClient worker, String runOrJob) {
        if (isRunId(runOrJob)) {
            return runOrJob;
        }
        JsonNode run = worker.get("/jobs/" + ApiClient.part(runOrJob)).path("run");
        if (run.isNull()) {
            throw new Problem(
                    Problem.Kind.NOT_FOUND,
                    "no-run",
                    "The job " + runOrJob + " has no run yet. Start one: sluice run " + runOrJob);
        }
        return run.path("id").asText();
    }
}
