/**
 * When a run starts, and where it is carried: Quartz with its clustered job store.
 *
 * <p>Each run is a Quartz job of group {@code run} that asks for recovery; each schedule one of group {@code schedule};
 * a small job of group {@code reconcile} looks every few seconds for runs that nobody carries, because Quartz notices a
 * dead worker late and has been seen to forget what it was doing.
 *
 * <p>Owns: Quartz. Refuses: being relied on for correctness; the token of a checkpoint fences, whatever Quartz does.
 */
@NullMarked
package dev.sluice.schedule;

import org.jspecify.annotations.NullMarked;
