/**
 * The dry run: what a job would do, whether the database allows it, and what to fix if not.
 *
 * <p>Owns: the judgement over a job and its table, as findings. Nothing stays written: what is tried is tried in a
 * transaction that is rolled back (sequences may move, and dead row versions of one batch stay for autovacuum).
 * Refuses: starting anything.
 */
@NullMarked
package dev.sluice.plan;

import org.jspecify.annotations.NullMarked;
