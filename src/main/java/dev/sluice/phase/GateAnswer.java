package dev.sluice.phase;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A gate's answer: a closed gate says why, an open one shows its evidence.
 *
 * @param job the job's name
 * @param phase the phase that may or may not begin, such as {@code switch}
 * @param open whether it may
 * @param reasons why not; empty when open
 * @param evidence run, fingerprint, rows, verifiedAsOf, database, …; null when there is none
 */
public record GateAnswer(
        String job,
        String phase,
        boolean open,
        List<Reason> reasons,
        @Nullable Map<String, Object> evidence) {

    /**
     * @param code stable, such as {@code never-run}, {@code run-live}, {@code run-failed}, {@code definition-changed},
     *     {@code definitions-differ}
     * @param message the fact, and what to do
     */
    public record Reason(String code, String message) {}
}
