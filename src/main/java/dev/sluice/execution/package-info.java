/**
 * Carrying a run: the loop that takes it through its passes, batch by batch, tries again after errors that pass, judges
 * the verification and ends the run.
 *
 * <p>Refuses: changing rows itself ({@code batch} does), deciding which moves a run's state may make ({@code run}
 * does), deciding about gates ({@code phase} does).
 */
@NullMarked
package dev.sluice.execution;

import org.jspecify.annotations.NullMarked;
