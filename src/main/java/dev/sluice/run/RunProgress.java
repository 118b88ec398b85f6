package dev.sluice.run;

import dev.sluice.checkpoint.Counts;
import dev.sluice.checkpoint.Pass;
import dev.sluice.checkpoint.RunStanding;
import dev.sluice.database.schema.tables.records.LaneRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How far a run is, from what both databases say. */
final class RunProgress {
    private RunProgress() {}

    static RunStatus.Progress of(RunFacts run, RunStanding standing) {
        Optional<Pass> pass = standing.pass();
        Counts now = standing.now();
        Counts changes = standing.changes();
        Long expected = expected(run, standing);
        boolean over = pass.map(p -> p.finishedAt() != null).orElse(false);
        boolean works = run.works();
        Long remaining =
                over ? Long.valueOf(0) : expected == null ? null : Long.valueOf(Math.max(0, expected - now.scanned()));
        Double ratio = over ? Double.valueOf(1) : ratio(now.scanned(), expected);
        Double rate = works ? rate(run) : null;
        Double eta = rate == null || rate <= 0 || remaining == null || over ? null : Double.valueOf(remaining / rate);
        String kind = pass.map(p -> p.kind().code()).orElse(Pass.Kind.MIGRATE.code());
        return new RunStatus.Progress(
                kind,
                now.scanned(),
                changes.changed(),
                changes.matching(),
                changes.left().unchanged(),
                changes.left().collapsed(),
                changes.left().sharedKeys(),
                standing.violations(),
                run.row().getEstimatedRows(),
                remaining,
                ratio,
                rate,
                eta,
                works ? most(run, LaneRecord::getNextBatchSize) : null,
                works ? most(run, LaneRecord::getStripes) : null,
                changes.changed() == 0 ? null : Double.valueOf((double) changes.hot() / changes.changed()),
                now.batches(),
                now.partitions(),
                now.partitionsDone(),
                changes.at() == null ? now.at() : later(changes.at(), now.at()),
                younger(changes.ageSeconds(), now.ageSeconds()));
    }

    /**
     * Keys a pass is expected to walk: what was walked first once that is over, an estimate until then; of partitions
     * that came meanwhile nothing is known.
     */
    private static @Nullable Long expected(RunFacts run, RunStanding standing) {
        if (run.row().getPass() == 0) {
            return run.row().getEstimatedRows();
        }
        boolean came = standing.pass()
                .filter(p -> p.kind() == Pass.Kind.MIGRATE || p.kind() == Pass.Kind.VERIFY && p.round() != p.number())
                .isPresent();
        return came ? null : Long.valueOf(standing.first().scanned());
    }

    /** Below 1 until the pass is over: an estimate that was too low must not look like the end. */
    private static @Nullable Double ratio(long scanned, @Nullable Long expected) {
        return expected == null || expected <= 0 ? null : Double.valueOf(Math.min(0.99, (double) scanned / expected));
    }

    /** Together; null before any lane has a rate. */
    private static @Nullable Double rate(RunFacts run) {
        List<Double> rates = run.known(LaneRecord::getRowsPerSecond);
        return rates.isEmpty()
                ? null
                : Double.valueOf(rates.stream().mapToDouble(r -> r).sum());
    }

    /** The largest, where lanes differ. */
    private static @Nullable Integer most(RunFacts run, Function<LaneRecord, @Nullable Integer> value) {
        return run.known(value).stream().max(Integer::compare).orElse(null);
    }

    private static Instant later(Instant a, @Nullable Instant b) {
        return b == null || a.isAfter(b) ? a : b;
    }

    private static @Nullable Double younger(@Nullable Double a, @Nullable Double b) {
        return a == null ? b : b == null ? a : Double.valueOf(Math.max(0, Math.min(a, b)));
    }
}
