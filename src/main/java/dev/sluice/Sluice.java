package dev.sluice;

import dev.sluice.cli.Terminal;

/** Starts Sluice: {@code java -cp … dev.sluice.Sluice <command>}. */
public final class Sluice {
    private Sluice() {}

    /** Runs one command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(Wiring.commandLine(Terminal.system()).run(args));
    }
}
