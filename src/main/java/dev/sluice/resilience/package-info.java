/**
 * When to try again, how fast rows may go, and what is repeated whatever comes of it.
 *
 * <p>Owns: Resilience4j. But for periodic work, it decides and counts; it never waits. Each answer is a length of time
 * that the caller spends through {@link dev.sluice.time.Time}, so that every wait can be interrupted, shown and stepped
 * in tests. Refuses: sorting errors ({@code database} does), knowing what a run is.
 */
@NullMarked
package dev.sluice.resilience;

import org.jspecify.annotations.NullMarked;
