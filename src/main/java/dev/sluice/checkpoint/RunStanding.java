package dev.sluice.checkpoint;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a run stands in its target.
 *
 * @param pass the one that the control database says it is in; empty where it has not begun here
 * @param now sums of that pass
 * @param changes sums over every pass that changes rows
 * @param first sums over the first walks: of the table as it was, and of the partitions that came meanwhile
 * @param violations rows that the look which the pass is part of has found violating, in all its passes of that kind
 * @param tuning the settings of the run's mandate; empty where it never began here
 */
public record RunStanding(
        Optional<Pass> pass, Counts now, Counts changes, Counts first, long violations, Optional<Tuning> tuning) {

    /** One pass with its sums. */
    record Walked(Pass pass, Counts counts) {}

    /**
     * @param number of the pass that the run is in
     * @param walked its passes
     * @param tuning of its mandate; null where it has none
     */
    static RunStanding of(int number, List<Walked> walked, @Nullable Tuning tuning) {
        Optional<Walked> present =
                walked.stream().filter(w -> w.pass.number() == number).findFirst();
        Optional<Pass> pass = present.map(Walked::pass);
        long violations = pass.filter(p -> !p.kind().changes())
                .map(p -> walked.stream()
                        .filter(w -> w.pass.kind() == p.kind() && w.pass.round() == p.round())
                        .mapToLong(w -> w.counts.violations())
                        .sum())
                .orElse(0L);
        return new RunStanding(
                pass,
                present.map(Walked::counts).orElse(Counts.NONE),
                sum(walked.stream().filter(w -> w.pass.kind().changes()).toList()),
                sum(walked.stream()
                        .filter(w -> w.pass.kind() == Pass.Kind.MIGRATE)
                        .toList()),
                violations,
                Optional.ofNullable(tuning));
    }

    private static Counts sum(List<Walked> walked) {
        return walked.stream().map(Walked::counts).reduce(Counts.NONE, Counts::plus);
    }
}
