package dev.sluice.dev;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The server process that a data folder's {@code postmaster.pid} names.
 *
 * @param process alive when it was looked up
 */
record Postmaster(ProcessHandle process) {

    /**
     * The server that runs on this folder's data. Empty where there is none: no file, or one left over by a server that
     * is dead, even if its process number has gone to another program, or another PostgreSQL, since.
     */
    static Optional<Postmaster> of(StateFolder folder) {
        return writtenDown(folder)
                .filter(process -> runsOn(folder, process.info()))
                .map(Postmaster::new);
    }

    /** Waits for a server that was killed a moment ago and that the system has not buried yet. */
    static void awaitBurial(StateFolder folder, Duration patience) {
        writtenDown(folder)
                .filter(process -> process.info().command().isEmpty())
                .map(Postmaster::new)
                .ifPresent(dying -> dying.awaitEnd(patience));
    }

    /** The living process that has the number in {@code postmaster.pid}, whatever it is. */
    private static Optional<ProcessHandle> writtenDown(StateFolder folder) {
        Path file = folder.data().resolve("postmaster.pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            List<String> lines = Files.readAllLines(file);
            return ProcessHandle.of(
                            lines.isEmpty()
                                    ? -1
                                    : Long.parseLong(lines.getFirst().strip()))
                    .filter(ProcessHandle::isAlive);
        } catch (NumberFormatException notANumber) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /** By its arguments; where the platform does not tell them, by being one of our programs. */
    private static boolean runsOn(StateFolder folder, ProcessHandle.Info info) {
        return info.arguments()
                .map(arguments -> List.of(arguments).contains(folder.data().toString()))
                .orElseGet(
                        () -> info.command().stream().anyMatch(c -> Path.of(c).startsWith(folder.binaries())));
    }

    /**
     * Ends it as {@code pg_ctl stop -m fast} does: sessions are thrown out, the rest is written down. Where that takes
     * too long, it is killed; the next start then recovers from the log.
     */
    void stop(Duration patience) {
        interrupt();
        if (!awaitEnd(patience)) {
            process.destroyForcibly();
            awaitEnd(patience);
        }
    }

    /** Waits until the process is gone; whether it is. */
    boolean awaitEnd(Duration patience) {
        try {
            process.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** SIGINT, which Java itself cannot send; Windows has no such thing. */
    private void interrupt() {
        try {
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException noSuchProgram) {
            process.destroy();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
