/**
 * Looks at the rows and gathers the evidence: which condition proves a job, who may still be writing, ANALYZE.
 *
 * <p>Refuses: opening a gate ({@code phase} does).
 */
@NullMarked
package dev.sluice.verify;

import org.jspecify.annotations.NullMarked;
