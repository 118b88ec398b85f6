/** Pools and their patience. */
@NullMarked
package dev.sluice.database;

import org.jspecify.annotations.NullMarked;
