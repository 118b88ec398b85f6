package dev.sluice.batch;

/**
 * How many keys the next batch takes, so that batches last about the target time. A pure value: each batch gives the
 * next.
 *
 * <p>The time of a key is smoothed (exponentially, weight {@value #WEIGHT}); a step grows by {@value #GROWTH} at most,
 * as in gh-ost's and Spirit's chunkers; a batch over {@value #PANIC} times the target shrinks at once to what would
 * have fitted. A batch that found fewer keys than it asked for says nothing about growing.
 *
 * @param size keys of the next batch, {@value #SMALLEST} to {@value #LARGEST}
 * @param secondsPerKey smoothed; 0 before the first batch
 */
public record BatchSize(int size, double secondsPerKey) {
    static final double WEIGHT = 0.3;
    static final double GROWTH = 1.5;
    static final double PANIC = 5;
    static final int SMALLEST = 1;
    static final int LARGEST = 100_000;

    /** Where the adaptation starts. */
    public static BatchSize startingAt(int size) {
        return new BatchSize(clamp(size), 0);
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
        if (seconds > PANIC * target) {
            return new BatchSize(clamp(Math.min(size - 1.0, target / now)), now);
        }
        double smooth = secondsPerKey == 0 ? now : secondsPerKey + WEIGHT * (now - secondsPerKey);
        double fitting = target / smooth;
        double most = keys < size ? size : size * GROWTH;
        // a step of one key must stay possible for small sizes
        return new BatchSize(clamp(Math.min(fitting, Math.max(most, keys < size ? size : size + 1.0))), smooth);
    }

    /** After a batch that timed out: half as many. */
    public BatchSize halved() {
        return new BatchSize(clamp(size / 2.0), secondsPerKey);
    }

    private static int clamp(double size) {
        return (int) Math.max(SMALLEST, Math.min(LARGEST, size));
    }
}
