/**
 * Clock, ticker and wait, handed in through constructors so that tests step time instead of sleeping.
 *
 * <p>Owns: the only calls of {@code Thread.sleep}, {@code System.nanoTime} and {@code Instant.now} in the product.
 */
@NullMarked
package dev.sluice.time;

import org.jspecify.annotations.NullMarked;
