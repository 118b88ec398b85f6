package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Printable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "gate", description = "Ask whether the next phase may begin.", synopsisSubcommandLabel = "switch")
final class GateCommand extends Subcommand {

    GateCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    public Integer call() {
        throw usage("Name the gate: sluice gate switch JOB…");
    }

    @Command(
            name = "switch",
            description =
                    "Whether the deploy that reads the new structure may begin. Exit code 0 if every gate is open, 1 if one is "
                            + "closed.")
    static final class Switch extends ServerSubcommand {
        private static final Duration LOOK = Duration.ofSeconds(2);

        @Parameters(arity = "1..*", paramLabel = "JOB", description = "names of jobs; several make a release")
        List<String> jobs = new ArrayList<>();

        @Option(
                names = "--wait",
                paramLabel = "TIME",
                description = "ask again until they are open, at most so long, such as 2h")
        @Nullable
        Duration wait;

        Switch(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() throws InterruptedException {
            ApiClient worker = server();
            List<JsonNode> answers = wait == null ? ask(worker) : patiently(worker, wait);
            var printer = new PrintGate(terminal, json());
            boolean open = true;
            for (JsonNode answer : answers) {
                open &= printer.print(answer);
            }
            return open ? Exit.DONE : Exit.CLOSED;
        }

        private List<JsonNode> ask(ApiClient worker) {
            return jobs.stream()
                    .map(j -> worker.get("/jobs/" + ApiClient.part(j) + "/gates/switch"))
                    .toList();
        }

        /** Asks until all are open or the time is over; a worker that restarts meanwhile does not end the wait. */
        private List<JsonNode> patiently(ApiClient worker, Duration most) throws InterruptedException {
            long begin = terminal.time().nanos();
            String told = "";
            while (true) {
                boolean late = terminal.time().nanos() - begin >= most.toNanos();
                String why;
                try {
                    List<JsonNode> answers = ask(worker);
                    if (late || answers.stream().allMatch(a -> a.path("open").asBoolean())) {
                        return answers;
                    }
                    why = closed(answers);
                } catch (ApiClient.Away e) {
                    if (late) {
                        throw e;
                    }
                    why = "the worker does not answer";
                } catch (ApiClient.Refused e) {
                    if (late || !e.isPassing()) {
                        throw e;
                    }
                    why = e.problem().path("detail").asText();
                }
                if (!why.equals(told)) {
                    terminal.err().println(Printable.text("Waiting up to " + Formats.length(most) + ": " + why));
                    told = why;
                }
                terminal.time().pause(LOOK);
            }
        }

        private static String closed(List<JsonNode> answers) {
            return String.join(
                    "; ",
                    answers.stream()
                            .filter(a -> !a.path("open").asBoolean())
                            .map(a -> a.path("job").asText() + ": "
                                    + a.path("reasons").path(0).path("code").asText())
                            .toList());
        }
    }
}
