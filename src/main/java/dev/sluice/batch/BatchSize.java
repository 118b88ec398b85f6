package dev.sluice.batch;

import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;

/**
 * How many keys the next batch takes, so that batches last about the target time. A pure value: each batch gives the
 * next.
 *
 * <p>The time of a key is smoothed exponentially; a step grows by a factor at most; a batch that is many times over the
 * target shrinks at once to what would have fitted: see {@link Steps}. A batch that found fewer keys than it asked for
 * says nothing about growing.
 *
 * @param size keys of the next batch, {@value #SMALLEST} to {@value #LARGEST}
 * @param secondsPerKey smoothed; 0 before the first batch
 * @param steps how it adapts
 */
public record BatchSize(int size, double secondsPerKey, Steps steps) {
    static final int SMALLEST = 1;
    static final int LARGEST = 100_000;

    /**
     * How the size adapts; each is configurable as {@code batch.*}.
     *
     * @param weight of a new batch in the smoothed time of a key, 0 to 1
     * @param growth factor by which a step grows at most; 1.5 is what gh-ost's and Spirit's chunkers allow
     * @param panic a batch that took so many times the target shrinks the size at once; 5 is Spirit's figure
     */
    public record Steps(double weight, double growth, double panic) {
        /** What is used unless configured. */
        public static final Steps DEFAULT = of(SettingsReader.defaults().batch());

        /** As the operator has set it. */
        public static Steps of(Settings.Batch b) {
            return new Steps(b.weight(), b.growth(), b.panic());
        }
    }

    BatchSize(int size, double secondsPerKey) {
        this(size, secondsPerKey, Steps.DEFAULT);
    }

    /** Where the adaptation starts. */
    public static BatchSize startingAt(int size, Steps steps) {
        return new BatchSize(clamp(size), 0, steps);
    }

    static BatchSize startingAt(int size) {
        return startingAt(size, Steps.DEFAULT);
    }

    /** Begins anew with this size, as somebody has asked for. */
    BatchSize restarted(int from) {
        return startingAt(from, steps);
    }

    /**
     * After a committed batch.
     *
     * @param keys walked by it
     * @param seconds it took
     * @param target wanted seconds
     */
    public BatchSize after(long keys, double seconds, double target) {
        if (keys <= 0 || seconds <= 0) {
            return this;
        }
        double now = seconds / keys;
        if (seconds > steps.panic() * target) {
            return new BatchSize(clamp(Math.min(size - 1.0, target / now)), now, steps);
        }
        double smooth = secondsPerKey == 0 ? now : secondsPerKey + steps.weight() * (now - secondsPerKey);
        double fitting = target / smooth;
        double most = keys < size ? size : size * steps.growth();
        // a step of one key must stay possible for small sizes
        return new BatchSize(clamp(Math.min(fitting, Math.max(most, keys < size ? size : size + 1.0))), smooth, steps);
    }

    /** So many keys as take this long, where these take longer as far as is known. */
    BatchSize within(double target) {
        return size * secondsPerKey <= target
                ? this
                : new BatchSize(clamp(target / secondsPerKey), secondsPerKey, steps);
    }

    /**
     * No smaller than so many keys, where those keep the target: what a batch costs whatever its size is no reason to
     * make it smaller and smaller.
     *
     * @param keys at least
     * @param target seconds that a batch may take at most
     */
    BatchSize atLeast(int keys, double target) {
        double fitting = secondsPerKey == 0 ? keys : target / secondsPerKey;
        return new BatchSize(clamp(Math.max(size, Math.min(keys, fitting))), secondsPerKey, steps);
    }

    /**
     * After a batch that timed out: half as many.
     *
     * @param asked keys of that batch, where they were fewer than the size
     */
    public BatchSize halved(int asked) {
        return new BatchSize(clamp(Math.min(size, asked) / 2.0), secondsPerKey, steps);
    }

    private static int clamp(double size) {
        return (int) Math.max(SMALLEST, Math.min(LARGEST, size));
    }
}
