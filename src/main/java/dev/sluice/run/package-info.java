/**
 * Runs as they are kept: their states and moves in one place, the queue, the evidence, what a person sees of them.
 *
 * <p>Refuses: carrying a run ({@code execution} does), deciding about gates ({@code phase} does).
 */
@NullMarked
package dev.sluice.run;

import org.jspecify.annotations.NullMarked;
