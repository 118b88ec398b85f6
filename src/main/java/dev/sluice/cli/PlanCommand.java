package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "plan",
        description = "Show what a run would do. Nothing is written. Exit code 1 where it would be refused.")
final class PlanCommand extends ServerSubcommand {
    @Parameters(paramLabel = "JOB", description = "the job's name")
    String job = "";

    @Option(names = "--sql", description = "also print the statements with their plans")
    boolean sql;

    PlanCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    public Integer call() {
        JsonNode plan = server().post("/jobs/" + ApiClient.part(job) + "/plan", Map.of());
        if (json()) {
            print(plan);
        } else {
            tell(plan);
        }
        return plan.path("runnable").asBoolean() ? Exit.DONE : Exit.CLOSED;
    }

    private void time(JsonNode alone, JsonNode besideOthers) {
        if (alone.isNumber()) {
            String more = besideOthers.asDouble() > alone.asDouble()
                    ? ", at least " + Formats.seconds(besideOthers) + " where others are at work all the time"
                    : "";
            say("  time ........ about " + Formats.seconds(alone) + more);
        }
    }

    private void tell(JsonNode plan) {
        say(plan.path("job").asText() + ": " + plan.path("shape").asText() + " on "
                + plan.path("table").asText() + " in " + plan.path("database").asText());
        StringBuilder key = new StringBuilder();
        plan.path("key").forEach(k -> key.append(key.isEmpty() ? "" : ", ").append(k.asText()));
        if (!key.isEmpty()) {
            say("  key ......... " + key + " by " + Formats.text(plan.path("keyIndex")));
        }
        size(plan);
        time(plan.path("estimatedSeconds"), plan.path("estimatedSecondsBesideOthers"));
        if (plan.path("repeatable").isBoolean()) {
            say("  repeatable .. " + (plan.path("repeatable").asBoolean() ? "yes" : "no"));
        }
        if (!plan.path("verify").asText().equals("unknown")) {
            say("  verified .... " + plan.path("verify").asText()
                    + (plan.path("verifyCondition").isNull()
                            ? ""
                            : ": " + plan.path("verifyCondition").asText()));
        }
        plan.path("findings").forEach(f -> {
            String place = f.path("line").isNumber()
                    ? f.path("file").asText() + ":" + f.path("line").asText() + ": "
                    : "";
            say(f.path("level").asText() + " " + place + f.path("code").asText() + ": "
                    + f.path("message").asText());
            if (!f.path("fix").asText().isEmpty()) {
                say("  fix: " + f.path("fix").asText());
            }
        });
        if (sql) {
            plan.path("statements").forEach(s -> {
                say("-- " + s.path("name").asText());
                say(s.path("sql").asText());
                s.path("plan").asText().lines().forEach(line -> say("    " + line));
            });
        }
        sample(plan);
        say(
                plan.path("runnable").asBoolean()
                        ? "It can run: sluice run " + job
                        : "It cannot run. Fix what is refused above.");
    }

    /** What is known of the table; nothing where there is none. */
    private void size(JsonNode plan) {
        JsonNode partitions = plan.path("partitions");
        if (partitions.isNumber()) {
            say("  rows ........ "
                    + (plan.path("estimatedRows").isNumber()
                            ? "about "
                                    + Formats.number(plan.path("estimatedRows").asDouble())
                            : "unknown")
                    + ", " + Formats.bytes(plan.path("estimatedBytes").asLong()) + ", " + partitions.asText()
                    + (partitions.asInt() == 1 ? " partition" : " partitions"));
        }
    }

    private void sample(JsonNode plan) {
        if (plan.path("sampleHidden").asBoolean()) {
            say("Rows before and after are shown to operators only.");
        }
        plan.path("sample").forEach(row -> {
            say("row " + row.path("key"));
            say("  before: "
                    + (row.path("before").isNull()
                            ? "not there"
                            : row.path("before").toString()));
            say("  after:  "
                    + (row.path("after").isNull() ? "gone" : row.path("after").toString()));
        });
    }
}
