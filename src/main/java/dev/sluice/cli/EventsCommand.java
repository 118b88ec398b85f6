package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "events", description = "Show who did what: the newest lines of the event log.")
final class EventsCommand extends ServerSubcommand {
    @Option(names = "--job", paramLabel = "JOB", description = "only of this job")
    @Nullable
    String job;

    @Option(names = "--run", paramLabel = "RUN", description = "only of the run with this id")
    @Nullable
    String run;

    @Option(names = "--after", paramLabel = "ID", description = "only lines after this one, oldest first")
    @Nullable
    Long after;

    @Option(names = "--limit", paramLabel = "N", description = "at most so many, 1 to 1000 (default: ${DEFAULT-VALUE})")
    int limit = 100;

    EventsCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    public Integer call() {
        List<String> query = new ArrayList<>();
        query.add("limit=" + limit);
        if (job != null) {
            query.add("job=" + ApiClient.part(job));
        }
        if (run != null) {
            query.add("run=" + ApiClient.part(run));
        }
        if (after != null) {
            query.add("after=" + after);
        }
        JsonNode answer = server().get("/events?" + String.join("&", query));
        if (json()) {
            print(answer);
            return Exit.DONE;
        }
        if (answer.path("events").isEmpty()) {
            say("No events.");
            return Exit.DONE;
        }
        var table = new TextTable("ID", "AT", "WHO", "WHAT", "JOB", "RUN", "DETAIL");
        answer.path("events")
                .forEach(e -> table.row(
                        e.path("id").asText(),
                        e.path("at").asText(),
                        e.path("actor").asText(),
                        e.path("action").asText(),
                        Formats.text(e.path("job")),
                        Formats.text(e.path("run")),
                        e.path("detail").isEmpty() ? "" : e.path("detail").toString()));
        table.lines().forEach(this::say);
        return Exit.DONE;
    }
}
