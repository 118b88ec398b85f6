/** Cuts the keys of a table into ranges, and writes key ranges as SQL. Keys are compared by the database alone. */
@NullMarked
package dev.sluice.partition;

import org.jspecify.annotations.NullMarked;
