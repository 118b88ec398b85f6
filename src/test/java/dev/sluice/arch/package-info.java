/**
 * Keeps the house in order: who imports whom, which room uses which library, who reads the clock, how long a file is.
 */
@NullMarked
package dev.sluice.arch;

import org.jspecify.annotations.NullMarked;
