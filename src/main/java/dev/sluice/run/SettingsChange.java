package dev.sluice.run;

import dev.sluice.checkpoint.Tuning;
import dev.sluice.job.Job;
import dev.sluice.job.ThrottleSettings;
import dev.sluice.problem.Problem;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@code tune} and {@code PATCH settings} change; an absent value stays as it is.
 *
 * @param target length of a batch, 10 ms to 10 s
 * @param batchSize 1 to 100,000
 * @param rowsPerSecond at least 1; 0 takes the limit away
 * @param walPerHour bytes of WAL in an hour, {@value #LEAST_WAL} to {@value #MOST_WAL}; 0 takes the limit away
 * @param cores how much of the server's cores batches may keep busy beside others
 */
public record SettingsChange(
        Optional<Duration> target,
        Optional<Integer> batchSize,
        Optional<Integer> rowsPerSecond,
        Optional<Long> walPerHour,
        Optional<Cores> cores) {
    /** 1 MB: less is not worth an hour. */
    public static final long LEAST_WAL = 1_000_000L;
    /** 1,000 TB. */
    public static final long MOST_WAL = 1_000_000_000_000_000L;

    /**
     * A budget of cores.
     *
     * @param share 0.001 to 1; 0 for no bound, null for what the job file says, or the worker's configuration
     */
    public record Cores(@Nullable Double share) {
        private boolean isAllowed() {
            return share == null || share == 0 || share >= ThrottleSettings.LEAST_CORES && share <= 1;
        }
    }

    /** One that leaves the budgets of WAL and of cores as they are. */
    public SettingsChange(Optional<Duration> target, Optional<Integer> batchSize, Optional<Integer> rowsPerSecond) {
        this(target, batchSize, rowsPerSecond, Optional.empty(), Optional.empty());
    }

    /** Whether nothing is changed. */
    public boolean isEmpty() {
        return target.isEmpty()
                && batchSize.isEmpty()
                && rowsPerSecond.isEmpty()
                && walPerHour.isEmpty()
                && cores.isEmpty();
    }

    /** The settings after this change. */
    Tuning of(Tuning before) {
        return new Tuning(
                target.map(d -> Math.toIntExact(d.toMillis())).orElse(before.targetMillis()),
                batchSize.orElse(before.batchSize()),
                rowsPerSecond.isEmpty() ? before.rowsPerSecond() : limit(rowsPerSecond.get()),
                walPerHour.isEmpty() ? before.walPerHour() : limit(walPerHour.get()),
                cores.isEmpty() ? before.cores() : cores.get().share());
    }

    /** 0 is none. */
    private static <N extends Number> @Nullable N limit(N given) {
        return given.longValue() == 0 ? null : given;
    }

    /** What stands in the event log. */
    Map<String, Object> detail() {
        Map<String, Object> detail = new LinkedHashMap<>();
        target.ifPresent(d -> detail.put("targetMillis", d.toMillis()));
        batchSize.ifPresent(s -> detail.put("batchSize", s));
        rowsPerSecond.ifPresent(r -> detail.put("rowsPerSecond", r));
        walPerHour.ifPresent(w -> detail.put("walPerHour", w));
        cores.ifPresent(c -> detail.put("cores", c.share() == null ? "default" : c.share()));
        return detail;
    }

    /** @throws Problem INVALID {@code bad-settings} where nothing is changed, or a value is out of its range */
    void check() {
        require(!isEmpty(), "Nothing to change. Give target, batchSize, rowsPerSecond, walPerHour or cores.");
        target.ifPresent(d -> require(
                d.toMillis() >= 10 && d.toMillis() <= 10_000,
                "target is " + d.toMillis() + "ms; allowed are 10ms to 10s."));
        batchSize.ifPresent(s -> require(s >= 1 && s <= 100_000, "batchSize is " + s + "; allowed are 1 to 100000."));
        rowsPerSecond.ifPresent(r -> require(
                r >= 0 && r <= Job.FASTEST,
                "rowsPerSecond is " + r + "; allowed are 1 to " + Job.FASTEST + ", or 0 for no limit."));
        walPerHour.ifPresent(w -> require(
                w == 0 || w >= LEAST_WAL && w <= MOST_WAL,
                "walPerHour is " + w + "; allowed are " + LEAST_WAL + " to " + MOST_WAL
                        + " bytes, or 0 for no limit."));
        cores.ifPresent(
                c -> require(c.isAllowed(), "cores is " + c.share() + "; allowed are 0.001 to 1, or 0 for no bound."));
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new Problem(Problem.Kind.INVALID, "bad-settings", otherwise);
        }
    }
}
