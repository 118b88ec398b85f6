/**
 * What may be told to a person when something is refused: a stable code, the fact with its numbers, and the remedy.
 *
 * <p>Owns the one exception type that the doors turn into an exit code or a problem+json answer.
 */
@NullMarked
package dev.sluice.problem;

import org.jspecify.annotations.NullMarked;
