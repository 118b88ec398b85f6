package dev.sluice.job;

import java.time.Duration;

/**
 * How batches adapt.
 *
 * @param target how long one batch may take; locks are held about that long. Default 200 ms, 10 ms to 10 s
 * @param size rows of the first batch; the adaptation starts there. Default 1,000, 1 to 100,000
 * @param stripes in how many stripes a range of keys is walked; default auto
 */
public record BatchSettings(Duration target, int size, Stripes stripes) {
    /** 200 ms, 1,000 rows, stripes as the engine finds best. */
    public static final BatchSettings DEFAULT = new BatchSettings(Duration.ofMillis(200), 1000, Stripes.DEFAULT);
}
