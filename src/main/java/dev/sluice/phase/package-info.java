/** Phases and gates: whether the next phase of a change may begin, with reasons or with evidence. */
@NullMarked
package dev.sluice.phase;

import org.jspecify.annotations.NullMarked;
