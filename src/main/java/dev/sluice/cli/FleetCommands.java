package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Commands that do one thing with all runs. */
final class FleetCommands {
    private FleetCommands() {}

    @Command(
            name = "stop-all",
            description = "Stop every run on every database. No batch commits after this returns, until resume-all.")
    static final class StopAll extends ServerSubcommand {
        @Option(names = "--reason", paramLabel = "TEXT", description = "for people: why, at most 500 characters")
        @Nullable
        String reason;

        StopAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            if (reason != null && (reason.isBlank() || reason.length() > 500)) {
                throw usage("--reason takes 1 to 500 characters.");
            }
            ObjectNode body = ApiClient.JSON.createObjectNode();
            if (reason != null) {
                body.put("reason", reason);
            }
            JsonNode stop = server().post("/stop-all", body);
            if (json()) {
                print(stop);
            } else {
                say(stopped(stop));
            }
            return Exit.DONE;
        }
    }

    @Command(name = "resume-all", description = "Let all runs go on after stop-all.")
    static final class ResumeAll extends ServerSubcommand {
        ResumeAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            JsonNode stop = server().post("/resume-all", Map.of());
            if (json()) {
                print(stop);
            } else {
                say(stop.path("stopped").asBoolean() ? stopped(stop) : "All runs may go on.");
            }
            return Exit.DONE;
        }
    }

    /** {@code All runs are stopped by anna since …: the reason. …}. */
    static String stopped(JsonNode stop) {
        return "All runs are stopped by " + stop.path("by").asText() + " since "
                + stop.path("since").asText()
                + (stop.path("reason").isTextual() ? ": " + stop.path("reason").asText() : "")
                + ". They go on after: sluice resume-all";
    }
}
