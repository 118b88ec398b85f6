/** Who did what, when: the append-only log in the control database. Refuses: changing or removing what was written. */
@NullMarked
package dev.sluice.event;

import org.jspecify.annotations.NullMarked;
