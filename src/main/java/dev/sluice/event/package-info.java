/**
 * Who did what, when: the append-only log in the control database. Refuses: changing what was written, and removing it
 * but for lines of no further use that are older than the retention.
 */
@NullMarked
package dev.sluice.event;

import org.jspecify.annotations.NullMarked;
