/** A real PostgreSQL for the tests, and time that is stepped. */
@NullMarked
package dev.sluice.testing;

import org.jspecify.annotations.NullMarked;
