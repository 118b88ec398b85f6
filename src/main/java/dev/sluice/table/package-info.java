/**
 * What the database knows of a job's table: leaves, key, columns, index, size, and what else stands around it
 * (triggers, policies, foreign keys, publications, privileges).
 *
 * <p>Owns: the catalog queries. Refuses: a table or key that no walk could do right, with the statement that fixes it;
 * judging a job against it ({@code plan} does).
 */
@NullMarked
package dev.sluice.table;

import org.jspecify.annotations.NullMarked;
