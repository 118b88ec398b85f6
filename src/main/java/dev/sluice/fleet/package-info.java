/**
 * The workers on one control database: which of them live, what each holds, and whether its clock agrees with the
 * database's.
 *
 * <p>A worker has a row of {@code sluice.worker} that it touches every heartbeat, and a row of
 * {@code sluice.definition} for each job its folder defines. What others hold is read from the database whenever
 * something is decided by it, never from memory.
 *
 * <p>Owns: the tables {@code sluice.worker} and {@code sluice.definition}. Refuses: starting and carrying runs, and
 * keeping schedules; it says what stands in their way, and {@code run}, {@code phase} and {@code schedule} obey it.
 */
@NullMarked
package dev.sluice.fleet;

import org.jspecify.annotations.NullMarked;
