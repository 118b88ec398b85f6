package dev.sluice.cli;

import dev.sluice.job.JobReader;
import dev.sluice.testing.SteppedTime;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs commands and catches what they print. */
final class Shell {
    final Map<String, String> environment = new HashMap<>();
    final SteppedTime time = new SteppedTime();
    /** What {@code worker} and {@code dev} were started with. */
    final List<String> started = new ArrayList<>();
    /** What was to be done on Ctrl-C, one after the other. */
    final List<Runnable> interrupts = new ArrayList<>();

    boolean watched;
    Exception workerFails = new Exception();

    /** What came of a command. */
    record Ran(int code, String out, String err) {}

    static Shell at(String url) {
        var shell = new Shell();
        shell.environment.put("SLUICE_SERVER", url);
        return shell;
    }

    Ran run(String... args) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var dependencies =
                new CliDependencies("1.2.3", new JobReader(cron -> Optional.empty()), this::worker, (options, t) -> {
                    started.add("dev " + options);
                    return Exit.DONE;
                });
        var terminal = new Terminal(print(out), print(err), environment, watched, time, interrupts::add);
        int code = new CommandLineApp(dependencies, terminal).run(args);
        return new Ran(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private int worker(Optional<Path> config) throws Exception {
        if (workerFails.getMessage() != null) {
            throw workerFails;
        }
        started.add("worker " + config);
        return Exit.DONE;
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
