package dev.sluice;

import dev.sluice.metrics.Reading;
import dev.sluice.metrics.RunMeters;
import dev.sluice.phase.Gates;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunStatus;
import dev.sluice.run.Runs;
import org.jspecify.annotations.Nullable;

/** Brings what the databases say of each job's newest run to the meters. */
final class Reporter {
    private final Runs runs;
    private final Gates gates;
    private final RunMeters meters;

    Reporter(Runs runs, Gates gates, RunMeters meters) {
        this.runs = runs;
        this.gates = gates;
        this.meters = meters;
    }

    void report() {
        meters.report(runs.latest().stream().map(this::reading).toList());
    }

    private Reading reading(RunStatus run) {
        var p = run.progress();
        return new Reading(
                run.job(),
                run.database(),
                run.state(),
                p.remaining(),
                p.ratio(),
                p.etaSeconds(),
                p.batchSize(),
                p.stripes(),
                p.hotRatio(),
                p.checkpointAgeSeconds(),
                // evidence of a target that does not answer opens nothing, and it has been asked just now
                p.isKnown() ? open(run.job()) : Boolean.FALSE);
    }

    private @Nullable Boolean open(String job) {
        try {
            return gates.switchGate(job).open();
        } catch (Problem e) {
            return null;
        }
    }
}
