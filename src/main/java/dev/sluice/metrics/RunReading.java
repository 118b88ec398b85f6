package dev.sluice.metrics;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a job's newest run at one moment. An absent value shows as no gauge, never as 0.
 *
 * @param job the job's name
 * @param database the configured name of the target
 * @param state one of the states {@link RunMeters} was made with; null while there is no run
 * @param remaining rows still to walk in this pass; null while unknown
 * @param ratio 0 to 1 of this pass; null while unknown
 * @param etaSeconds until the end of this pass; null before there is a rate
 * @param batchSize rows of the next batch; null while unknown
 * @param stripes the next range is walked in, 1 for none; null while unknown
 * @param hotRatio 0 to 1 of the changed rows, changed in place; null before any was changed
 * @param pace share of time the lanes may work, 0 to 1; null while none is carried
 * @param limited what limits the run; null at full speed
 * @param checkpointAgeSeconds since the last checkpoint, by the database's clock; null before the first
 * @param gateOpen whether the switch gate is open; null while unknown
 */
public record RunReading(
        String job,
        String database,
        @Nullable String state,
        @Nullable Long remaining,
        @Nullable Double ratio,
        @Nullable Double etaSeconds,
        @Nullable Integer batchSize,
        @Nullable Integer stripes,
        @Nullable Double hotRatio,
        @Nullable Double pace,
        @Nullable Limited limited,
        @Nullable Double checkpointAgeSeconds,
        @Nullable Boolean gateOpen) {

    /**
     * What limits a run.
     *
     * @param reason its code, a word from a short list or the name of a job's signal
     * @param value measured; null where nothing is
     * @param limit what it is compared with; null where there is none
     * @param ageSeconds of the measurement; null where nothing is measured
     */
    public record Limited(
            String reason,
            @Nullable Double value,
            @Nullable Double limit,
            @Nullable Double ageSeconds) {}
}
