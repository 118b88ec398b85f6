package dev.sluice.cli;

/** What the process says when it ends. */
public final class Exit {
    /** Done, or the gate is open. */
    public static final int DONE = 0;
    /** The gate is closed, or there are findings; also a followed run that did not succeed. */
    public static final int CLOSED = 1;
    /** An error, also any exception. */
    public static final int ERROR = 2;
    /** The command line itself is wrong. */
    public static final int USAGE = 3;

    private Exit() {}
}
