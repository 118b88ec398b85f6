package dev.sluice.throttle;

import java.util.List;

/** What the sampler knows of a source. */
public sealed interface SourceReading {
    /** It has not been read yet. */
    record Pending() implements SourceReading {}

    /**
     * It was read.
     *
     * @param levels what was measured
     * @param at when, in nanoseconds of the sampler's {@link dev.sluice.time.Time#nanos}
     */
    record Known(List<Measurement> levels, long at) implements SourceReading {
        public Known {
            levels = List.copyOf(levels);
        }
    }

    /**
     * It could not be read.
     *
     * @param why for people
     * @param since when it began to fail, or was read last
     */
    record Unknown(String why, long since) implements SourceReading {}

    /**
     * It cannot be read here at all, from the start on.
     *
     * @param need what is missing
     */
    record Missing(DatabaseSource.Need need) implements SourceReading {}
}
