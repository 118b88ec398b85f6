package dev.sluice.run;

import java.time.Duration;
import java.util.Optional;

/**
 * What {@code tune} and {@code PATCH settings} change; an absent value stays as it is.
 *
 * @param target length of a batch, 10 ms to 10 s
 * @param batchSize 1 to 100,000
 * @param rowsPerSecond at least 1; 0 takes the limit away
 */
public record SettingsChange(Optional<Duration> target, Optional<Integer> batchSize, Optional<Integer> rowsPerSecond) {}
