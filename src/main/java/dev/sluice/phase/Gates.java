package dev.sluice.phase;

import dev.sluice.problem.Problem;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Answers whether a phase may begin. */
public interface Gates {

    /**
     * Whether the switch of this job may begin.
     *
     * @throws dev.sluice.problem.Problem NOT_FOUND for an unknown job
     */
    GateAnswer switchGate(String job);

    /**
     * The same of several jobs; one that is not known is not there.
     *
     * @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not answer
     */
    default Map<String, GateAnswer> switchGates(Collection<String> jobs) {
        Map<String, GateAnswer> answers = new LinkedHashMap<>();
        for (String job : jobs) {
            try {
                answers.put(job, switchGate(job));
            } catch (Problem e) {
                if (e.kind() != Problem.Kind.NOT_FOUND) {
                    throw e;
                }
            }
        }
        return answers;
    }
}
