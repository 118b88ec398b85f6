/** Cuts of real tables: every row in one range, near-equal, at a bounded cost. */
@NullMarked
package dev.sluice.partition;

import org.jspecify.annotations.NullMarked;
