package dev.sluice.cli;

import dev.sluice.time.Time;
import java.io.Console;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Where the command line prints, what it reads from the environment, and how it waits.
 *
 * @param out answers
 * @param err what went wrong, and remarks
 * @param environment variables of the process
 * @param watched whether a person looks at {@code out}: then there is a progress bar, else lines
 * @param time for waits
 * @param interrupts takes what is to be done on Ctrl-C; called with something else when that is over
 */
public record Terminal(
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        boolean watched,
        Time time,
        Consumer<Runnable> interrupts) {

    /** The process's own. */
    public static Terminal system() {
        return new Terminal(
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8),
                System.getenv(),
                isWatched(),
                Time.system(),
                new OnInterrupt());
    }

    /**
     * From Java 22 there is a console even where output is redirected, and a method that tells; Java 21 has no such
     * method.
     */
    private static boolean isWatched() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** The same without a word on Ctrl-C, for a process whose end is the end of its runs, too. */
    public Terminal withoutInterrupts() {
        return new Terminal(out, err, environment, watched, time, action -> {});
    }

    /** Runs the latest action when the process is asked to end. */
    private static final class OnInterrupt implements Consumer<Runnable> {
        private volatile Runnable action = () -> {};
        private boolean registered;

        @Override
        public synchronized void accept(Runnable next) {
            action = next;
            if (!registered) {
                registered = true;
                Runtime.getRuntime().addShutdownHook(new Thread(() -> action.run(), "on-interrupt"));
            }
        }
    }
}
