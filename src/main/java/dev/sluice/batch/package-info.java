/**
 * The next keys, changed and committed together with their checkpoint: one transaction, exactly once.
 *
 * <p>Owns: the statement of a batch and its size. Refuses: deciding when a batch may run, or what happens after an
 * error.
 */
@NullMarked
package dev.sluice.batch;

import org.jspecify.annotations.NullMarked;
