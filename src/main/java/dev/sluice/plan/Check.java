package dev.sluice.plan;

import dev.sluice.plan.PlanReport.Finding;
import dev.sluice.problem.Problem;
import dev.sluice.table.TableFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The preflight without trial: what the catalog and the planner say of a job.
 *
 * @param facts of the table; empty when it was refused
 * @param findings refusals first
 */
public record Check(Optional<TableFacts> facts, List<Finding> findings) {
    public Check {
        findings = List.copyOf(findings);
    }

    /** Those that make the run wrong or impossible. */
    public List<Finding> refusals() {
        return findings.stream().filter(f -> f.level().equals(Findings.REFUSE)).toList();
    }

    /** Whether nothing is refused. */
    public boolean runnable() {
        return refusals().isEmpty();
    }

    /**
     * The facts of a job that may run.
     *
     * @throws Problem UNPROCESSABLE {@code preflight-refused} with every refusal in its message, and as details
     *     {@code findings}
     */
    public TableFacts factsOrRefuse() {
        if (!runnable()) {
            throw new Problem(
                    Problem.Kind.UNPROCESSABLE,
                    "preflight-refused",
                    refusals().stream()
                            .map(f -> f.key() + ": " + f.message() + " Fix: " + f.fix())
                            .collect(Collectors.joining("\n")),
                    Map.of("findings", refusals()));
        }
        return facts.orElseThrow();
    }
}
