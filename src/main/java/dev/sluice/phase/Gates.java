package dev.sluice.phase;

/** Answers whether a phase may begin. */
public interface Gates {

    /**
     * Whether the switch of this job may begin.
     *
     * @throws dev.sluice.problem.Problem NOT_FOUND for an unknown job
     */
    GateAnswer switchGate(String job);
}
