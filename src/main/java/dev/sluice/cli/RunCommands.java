package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.sluice.config.SizeText;
import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that start a run, or change one. */
final class RunCommands {
    private RunCommands() {}

    @Command(name = "run", description = "Start a run of a job, or go on with a failed or cancelled one.")
    static final class Start extends ServerSubcommand {
        @Parameters(paramLabel = "JOB", description = "the job's name")
        String job = "";

        @Option(names = "--follow", description = "stay until it ends; exit code 1 unless it succeeded")
        boolean follow;

        @Option(
                names = "--idempotency-key",
                paramLabel = "KEY",
                description = "the same key again answers with the same run, such as a deploy's number")
        @Nullable
        String key;

        Start(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() throws InterruptedException {
            ApiClient worker = server();
            if (key != null && !key.matches("[\\x21-\\x7e]{1,255}")) {
                throw usage("--idempotency-key takes 1 to 255 visible ASCII characters.");
            }
            JsonNode started = worker.post(
                    "/jobs/" + ApiClient.part(job) + "/runs", key == null ? Map.of() : Map.of("Idempotency-Key", key));
            String id = started.path("run").path("id").asText();
            if (json() && !follow) {
                print(started);
            } else if (!json()) {
                String how = started.path("resumed").asBoolean()
                        ? "goes on from its checkpoints"
                        : started.path("created").asBoolean() ? "is queued" : "was started by this key before";
                say("Run " + id + " of " + job + " " + how + ".");
            }
            return follow ? FollowRun.exitCode(new FollowRun(worker, terminal, json()).follow(id)) : Exit.DONE;
        }
    }

    /** A command that names a run and does one thing with it. */
    abstract static class Move extends ServerSubcommand {
        @Parameters(paramLabel = "RUN", description = "a run's id, or a job's name for its newest run")
        String run = "";

        Move(Terminal terminal) {
            super(terminal);
        }

        Integer move(String verb) {
            ApiClient worker = server();
            return tell(worker.post("/runs/" + runId(worker, run) + "/" + verb, Map.of()));
        }

        Integer tell(JsonNode status) {
            if (json()) {
                print(status);
            } else {
                say("Run " + status.path("id").asText() + " of "
                        + status.path("job").asText() + ": " + Formats.step(status));
            }
            return Exit.DONE;
        }
    }

    @Command(name = "pause", description = "Pause a run. No batch commits after this returns.")
    static final class Pause extends Move {
        Pause(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            return move("pause");
        }
    }

    @Command(name = "resume", description = "Go on with a paused, failed or cancelled run, from its checkpoints.")
    static final class Resume extends Move {
        Resume(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            return move("resume");
        }
    }

    @Command(name = "cancel", description = "End a run. What was committed stays; no batch commits after this returns.")
    static final class Cancel extends Move {
        Cancel(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            return move("cancel");
        }
    }

    @Command(name = "tune", description = "Change settings of a live run. The next batch uses them.")
    static final class Tune extends Move {
        @Option(names = "--target", paramLabel = "TIME", description = "how long a batch may take, 10ms to 10s")
        @Nullable
        Duration target;

        @Option(names = "--batch-size", paramLabel = "ROWS", description = "where the adaptation starts, 1 to 100000")
        @Nullable
        Integer batchSize;

        @Option(
                names = "--rows-per-second",
                paramLabel = "ROWS",
                description = "at most so many, up to 1000000000; 0 takes the limit away")
        @Nullable
        Integer rowsPerSecond;

        @Option(
                names = "--wal-per-hour",
                paramLabel = "SIZE",
                description = "bytes of WAL in an hour at most, 1MB to 1000TB; 0 takes the limit away")
        @Nullable
        String walPerHour;

        @Option(
                names = "--cores",
                paramLabel = "SHARE",
                description =
                        "of the server's cores batches may keep busy beside others, 0.1%% to 100%%, or off; default for what the job"
                                + " file says")
        @Nullable
        String cores;

        Tune(Terminal terminal) {
            super(terminal);
        }

        @Override
        public Integer call() {
            ObjectNode change = ApiClient.JSON.createObjectNode();
            if (target != null) {
                change.put("target", DurationText.format(target));
            }
            if (batchSize != null) {
                change.put("batchSize", batchSize);
            }
            if (rowsPerSecond != null) {
                change.put("rowsPerSecond", rowsPerSecond);
            }
            if (walPerHour != null) {
                change.put("walPerHour", bytes(walPerHour));
            }
            if (cores != null) {
                change.set("cores", share(cores));
            }
            if (change.isEmpty()) {
                throw usage("Name at least one of --target, --batch-size, --rows-per-second, --wal-per-hour, --cores.");
            }
            ApiClient worker = server();
            return tell(worker.patch("/runs/" + runId(worker, run) + "/settings", change));
        }

        /** What is a number is sent as one; the worker judges it. */
        private static JsonNode share(String text) {
            if (text.equals("default")) {
                return NullNode.getInstance();
            }
            return text.matches("\\d{1,3}(\\.\\d{1,9})?")
                    ? DoubleNode.valueOf(Double.parseDouble(text))
                    : TextNode.valueOf(text);
        }

        /** Without a unit only 0 is plain enough. */
        private long bytes(String size) {
            return size.equals("0")
                    ? 0
                    : SizeText.parse(size)
                            .orElseThrow(() -> usage("'" + size + "' is not " + SizeText.FORM + ", or 0."));
        }
    }
}
