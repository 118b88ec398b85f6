package dev.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.problem.Printable;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What every command has. */
@Command(mixinStandardHelpOptions = true)
abstract class Subcommand implements Callable<Integer> {
    /** How answers are printed. */
    enum Output {
        TEXT,
        JSON
    }

    final Terminal terminal;

    @Option(
            names = "--output",
            paramLabel = "text|json",
            description = "text for people, json for machines (default: text)")
    Output output = Output.TEXT;

    @Spec
    @Nullable
    CommandSpec spec;

    Subcommand(Terminal terminal) {
        this.terminal = terminal;
    }

    boolean json() {
        return output == Output.JSON;
    }

    /** One line of text; whatever a worker, a file or a name puts into it cannot steer the terminal. */
    void say(String line) {
        terminal.out().println(Printable.text(line));
    }

    /** One JSON document on one line. */
    void print(JsonNode document) {
        terminal.out().println(document);
    }

    /** The command line is wrong. */
    ParameterException usage(String message) {
        if (spec == null) {
            throw new IllegalStateException(message);
        }
        return new ParameterException(spec.commandLine(), message);
    }
}
