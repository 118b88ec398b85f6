package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.config.SizeText;
import dev.sluice.job.LimitText;
import dev.sluice.job.SignalKind.Unit;
import dev.sluice.problem.Printable;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "status", description = "Show every job with its newest run, or one job or run closely.")
final class StatusCommand extends ServerSubcommand {
    @Parameters(arity = "0..1", paramLabel = "JOB|RUN", description = "a job's name or a run's id")
    @Nullable
    String which;

    StatusCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    public Integer call() {
        ApiClient worker = server();
        if (which == null) {
            all(worker.get("/jobs"));
            if (!json()) {
                JsonNode stop = worker.get("/stop-all");
                if (stop.path("stopped").asBoolean()) {
                    say(FleetCommands.stopped(stop));
                }
            }
        } else if (isRunId(which)) {
            one(worker.get("/runs/" + which), this::run);
        } else {
            one(worker.get("/jobs/" + ApiClient.part(which)), this::job);
        }
        return Exit.DONE;
    }

    private void one(JsonNode answer, Consumer<JsonNode> tell) {
        if (json()) {
            print(answer);
        } else {
            tell.accept(answer);
        }
    }

    private void all(JsonNode list) {
        if (json()) {
            print(list);
            return;
        }
        var table = new TextTable("JOB", "STATE", "PASS", "DONE", "RATE", "ETA", "NEXT START", "LIMITED BY");
        list.path("jobs").forEach(j -> {
            JsonNode run = j.path("run");
            JsonNode p = run.path("progress");
            table.row(
                    j.path("job").asText(),
                    run.isNull() ? "never run" : run.path("state").asText(),
                    Formats.text(p.path("pass")),
                    Formats.percent(p.path("ratio")),
                    Formats.rate(p.path("rowsPerSecond")),
                    Formats.seconds(p.path("etaSeconds")),
                    Formats.text(j.at("/schedule/nextStart")),
                    Formats.text(run.path("limitedBy").path("message")));
        });
        if (list.path("jobs").isEmpty()) {
            say("No jobs. Put job files into the worker's jobs folder.");
        } else {
            table.lines().forEach(this::say);
        }
        list.path("badFiles").forEach(f -> f.path("mistakes").forEach(m -> say(mistake(m))));
    }

    private static String mistake(JsonNode m) {
        String line = m.path("line").isNull() ? "" : ":" + m.path("line").asText();
        String key = m.path("key").asText().isEmpty() ? "" : m.path("key").asText() + ": ";
        return Printable.line(m.path("file").asText() + line + ": " + key
                + m.path("reason").asText() + " Fix: " + m.path("fix").asText());
    }

    private void job(JsonNode job) {
        say(job.path("job").asText() + ": " + Formats.text(job.path("description")));
        say("  file ........ " + job.path("file").asText());
        say("  table ....... " + job.path("table").asText() + " in "
                + job.path("database").asText() + ", " + job.path("shape").asText());
        JsonNode schedule = job.path("schedule");
        say("  schedule .... "
                + (schedule.isNull()
                        ? "none"
                        : schedule.path("cron").asText() + " "
                                + schedule.path("zone").asText() + ", "
                                + (schedule.path("nextStart").isTextual()
                                        ? "next start "
                                                + schedule.path("nextStart").asText()
                                        : "no further start")));
        if (job.path("run").isNull()) {
            say("  never run. Start it: sluice run " + job.path("job").asText());
        } else {
            run(job.path("run"));
        }
    }

    private void lane(JsonNode lane) {
        say("  lane " + lane.path("lane").asText() + " "
                + ".".repeat(lane.path("lane").asInt() < 10 ? 6 : 5) + " "
                + lane.path("worker").asText() + ", " + Formats.rate(lane.path("rowsPerSecond"))
                + (lane.path("limitedBy").isObject()
                        ? ", limited by " + lane.at("/limitedBy/reason").asText()
                        : ""));
    }

    private void run(JsonNode run) {
        JsonNode settings = run.path("settings");
        say("run " + run.path("id").asText() + " of " + run.path("job").asText());
        say("  " + Formats.step(run));
        JsonNode limit = run.path("limitedBy");
        if (limit.isObject()) {
            say("  limited by .. " + limit.path("reason").asText() + " since "
                    + limit.path("since").asText()
                    + (limit.path("ageSeconds").isNumber()
                            ? String.format(
                                    Locale.ROOT,
                                    ", measured %.1f s ago",
                                    limit.path("ageSeconds").asDouble())
                            : ""));
        } else if (!run.path("lanes").isEmpty()) {
            say("  limited by .. nothing: at full speed");
        }
        say("  started by .. " + run.path("requestedBy").asText() + " ("
                + run.path("trigger").asText() + ") at " + run.path("createdAt").asText());
        say("  partitions .. " + Formats.count(run.at("/progress/partitionsDone")) + " of "
                + Formats.count(run.at("/progress/partitions")) + " done");
        JsonNode stripes = run.at("/progress/stripes");
        say("  stripes ..... " + (stripes.asInt() == 1 ? "none" : Formats.text(stripes)) + ", "
                + Formats.percent(run.at("/progress/hotRatio")) + " of the changes in place");
        run.path("lanes").forEach(this::lane);
        say("  settings .... target " + settings.path("target").asText() + ", batch size "
                + settings.path("batchSize").asText() + ", rows per second "
                + (settings.path("rowsPerSecond").isNull()
                        ? "unlimited"
                        : settings.path("rowsPerSecond").asText())
                + ", WAL per hour "
                + (settings.path("walPerHour").isNumber()
                        ? SizeText.format(settings.path("walPerHour").asLong())
                        : "unlimited")
                + ", cores " + cores(settings.path("cores")));
        JsonNode time = run.path("time");
        say("  time ........ worked " + Formats.seconds(time.path("workingSeconds")) + ", paced "
                + Formats.seconds(time.path("pacedSeconds")) + ", held " + Formats.seconds(time.path("heldSeconds"))
                + (time.path("pace").isNumber() ? ", now at " + Formats.percent(time.path("pace")) + " pace" : ""));
        say("  sweeps ...... " + run.path("sweeps").asText() + ", violations "
                + Formats.count(run.path("progress").path("violations")) + ", still matching "
                + Formats.count(run.path("progress").path("stillMatching")));
        JsonNode p = run.path("progress");
        if (p.path("unchanged").asLong() > 0) {
            say("  unchanged ... " + Formats.count(p.path("unchanged")) + " rows that had to change and did not");
        }
        if (p.path("collapsed").asLong() > 0) {
            say("  collapsed ... " + Formats.count(p.path("collapsed")) + " source rows gave no row of their own, "
                    + Formats.count(p.path("sharedKeys")) + " of them share a key within their batch");
        }
        if (!run.path("finishedAt").isNull()) {
            say("  finished .... " + run.path("finishedAt").asText());
        }
        if (run.path("failure").isObject()) {
            Formats.failure(run).forEach(this::say);
        }
    }

    private static String cores(JsonNode tuned) {
        if (!tuned.isNumber()) {
            return "not tuned";
        }
        return tuned.asDouble() == 0 ? "unlimited" : LimitText.format(Unit.RATIO, tuned.asDouble()) + " beside others";
    }
}
