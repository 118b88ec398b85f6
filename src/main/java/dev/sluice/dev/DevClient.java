package dev.sluice.dev;

/** What {@code sluice dev} asks of a worker through its doors, as any person would. */
public interface DevClient {

    /** Whether the job's switch gate is open now; says nothing. */
    boolean isOpen(String server, String job);

    /**
     * Starts the job, or joins its live run, and shows the progress until it has ended one way or the other.
     *
     * @throws dev.sluice.problem.Problem where it cannot be started
     */
    void follow(String server, String job);

    /** Prints the gate's answer with reasons and evidence; whether it is open. */
    boolean printGate(String server, String job);
}
