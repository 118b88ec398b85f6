/** The event log on a real database. */
@NullMarked
package dev.sluice.event;

import org.jspecify.annotations.NullMarked;
