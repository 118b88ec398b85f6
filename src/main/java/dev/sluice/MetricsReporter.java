package dev.sluice;

import dev.sluice.job.Job;
import dev.sluice.metrics.RunMeters;
import dev.sluice.metrics.RunReading;
import dev.sluice.phase.GateAnswer;
import dev.sluice.phase.Gates;
import dev.sluice.problem.Problem;
import dev.sluice.run.RunState;
import dev.sluice.run.RunStatus;
import dev.sluice.run.Runs;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the databases say of each job's newest run to the meters of the one worker that reports it, so that a sum
 * over the workers is the truth.
 */
final class MetricsReporter {
    private static final String SUCCEEDED = RunState.SUCCEEDED.code();

    private final Runs runs;
    private final Gates gates;
    private final RunMeters meters;
    private final BooleanSupplier mine;
    private final Supplier<List<Job>> jobs;

    /**
     * @param mine whether it is this worker that reports; the others ask nothing of the databases
     * @param jobs whose counters are there from the start
     */
    MetricsReporter(Runs runs, Gates gates, RunMeters meters, BooleanSupplier mine, Supplier<List<Job>> jobs) {
        this.mine = mine;
        this.jobs = jobs;
        this.runs = runs;
        this.gates = gates;
        this.meters = meters;
    }

    /**
     * Where nothing is known, nothing is shown, and no gate is open that was.
     *
     * @throws Problem UNAVAILABLE when the control database does not answer
     */
    void report() {
        jobs.get().forEach(job -> meters.prepare(job.name(), job.database()));
        List<RunReading> readings = List.of();
        try {
            if (mine.getAsBoolean()) {
                List<RunStatus> latest = runs.latest();
                Map<String, GateAnswer> gate = answers(latest.stream()
                        .filter(MetricsReporter::mayBeOpen)
                        .map(RunStatus::job)
                        .toList());
                readings = latest.stream()
                        .map(run -> reading(run, mayBeOpen(run) ? open(gate.get(run.job())) : Boolean.FALSE))
                        .toList();
            }
        } finally {
            meters.report(readings);
        }
    }

    /**
     * Evidence of a target that does not answer opens nothing, and it has been asked just now; nor does a run that has
     * not succeeded.
     */
    private static boolean mayBeOpen(RunStatus run) {
        return run.progress().isKnown() && run.state().equals(SUCCEEDED);
    }

    private static RunReading reading(RunStatus run, @Nullable Boolean open) {
        var p = run.progress();
        return new RunReading(
                run.job(),
                run.database(),
                run.state(),
                p.remaining(),
                p.ratio(),
                p.etaSeconds(),
                p.batchSize(),
                p.stripes(),
                p.hotRatio(),
                run.time().pace(),
                limited(run.limitedBy()),
                p.checkpointAgeSeconds(),
                open);
    }

    private static RunReading.@Nullable Limited limited(RunStatus.@Nullable Limit limit) {
        return limit == null
                ? null
                : new RunReading.Limited(limit.reason(), limit.value(), limit.limit(), limit.ageSeconds());
    }

    private Map<String, GateAnswer> answers(List<String> jobs) {
        try {
            return gates.switchGates(jobs);
        } catch (Problem e) {
            return Map.of();
        }
    }

    private static @Nullable Boolean open(@Nullable GateAnswer answer) {
        return answer == null ? null : (Boolean) answer.open();
    }
}
