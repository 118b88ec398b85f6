/** Tests of the room {@code dev}. */
@NullMarked
package dev.sluice.dev;

import org.jspecify.annotations.NullMarked;
