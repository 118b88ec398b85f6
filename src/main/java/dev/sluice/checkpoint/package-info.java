/**
 * The durable position of each partition, its token and its counts, in the database that holds the rows.
 *
 * <p>Owns: claims, fencing, what is wanted of a run. Refuses: changing rows; a batch moves a checkpoint in its own
 * statement (see {@code batch}).
 */
@NullMarked
package dev.sluice.checkpoint;

import org.jspecify.annotations.NullMarked;
