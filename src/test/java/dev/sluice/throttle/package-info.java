/** Signals, and what becomes of them: on real servers where a server is what they are about. */
@NullMarked
package dev.sluice.throttle;

import org.jspecify.annotations.NullMarked;
