/**
 * Sluice, a background backfill engine: {@link dev.sluice.Sluice} starts it, {@link dev.sluice.Wiring} puts the rooms
 * together.
 */
@NullMarked
package dev.sluice;

import org.jspecify.annotations.NullMarked;
