package dev.sluice.cli;

import dev.sluice.job.JobReader;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What the top of the program hands to the command line, because it lies above this room.
 *
 * @param version such as {@code 0.1.0}
 * @param jobs reads job files, for {@code validate}
 * @param worker runs {@code worker}
 * @param dev runs {@code dev}
 */
public record CliDependencies(String version, JobReader jobs, Worker worker, Dev dev) {

    /** Starts a worker. */
    @FunctionalInterface
    public interface Worker {

        /**
         * Runs until it is asked to stop.
         *
         * @param config the file of {@code --config}
         * @return the exit code
         * @throws Exception is printed; the exit code is {@link Exit#ERROR}
         */
        int run(Optional<Path> config) throws Exception;
    }

    /** Starts everything at once. */
    @FunctionalInterface
    public interface Dev {

        /**
         * Runs until Ctrl-C, or until the gates are open.
         *
         * @param options of the command
         * @param terminal where to print
         * @return the exit code
         * @throws Exception is printed; the exit code is {@link Exit#ERROR}
         */
        int run(DevOptions options, Terminal terminal) throws Exception;
    }

    /**
     * Options of {@code dev}.
     *
     * @param rows people in the sample tables; empty for what is there already, or the default
     * @param fresh start over
     * @param exit end when the gates are open
     * @param port of HTTP; 0 for any free one
     */
    public record DevOptions(OptionalLong rows, boolean fresh, boolean exit, int port) {}
}
