/**
 * How fast a run may go: the signals that say what the database and its neighbours feel, the sampler that reads them,
 * the pace that follows from them, and the reason why a run goes no faster.
 *
 * <p>The way of a measurement: a {@code Source} reads {@code Measurement}s (what is, as numbers), the {@code Sampler}
 * of the database keeps the newest of each, {@code SignalEvaluator} holds them against the limits of a job and so makes
 * a pressure, 1.0 at the limit; {@code Pace} turns the pressure into the share of time a lane may work;
 * {@code Throttle} waits.
 *
 * <p>Refuses: changing rows ({@code batch} does), choosing the size of a batch ({@code batch} does), knowing the state
 * of a run ({@code run} does).
 */
@NullMarked
package dev.sluice.throttle;

import org.jspecify.annotations.NullMarked;
