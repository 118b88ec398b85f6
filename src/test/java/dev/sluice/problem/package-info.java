/** The problem log on a real database. */
@NullMarked
package dev.sluice.problem;

import org.jspecify.annotations.NullMarked;
