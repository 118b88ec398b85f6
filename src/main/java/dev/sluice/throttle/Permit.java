package dev.sluice.throttle;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Whether a lane may begin its next batch. */
public sealed interface Permit {
    /** It may. */
    record Granted() implements Permit {}

    /**
     * Not yet.
     *
     * @param code of the signal, or {@code windows}, {@code cores}, {@code pace} or {@code first-sample}
     * @param text the fact with value and limit, for people
     * @param value measured, if it is a number
     * @param limit what it is compared with
     * @param ageSeconds of the measurement; null where nothing was measured
     * @param length after which to ask again
     * @param held whether nothing is done at all; otherwise the lane rests between two batches
     */
    record Denied(
            String code,
            String text,
            @Nullable Double value,
            @Nullable Double limit,
            @Nullable Double ageSeconds,
            Duration length,
            boolean held)
            implements Permit {}
}
