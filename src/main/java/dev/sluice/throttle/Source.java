package dev.sluice.throttle;

import java.time.Duration;
import java.util.List;

/**
 * Reads one signal. Two that are equal read the same thing, and one of them is read for both. Called by one thread at a
 * time; what a reading needs of those before it (a baseline, a count) is kept inside.
 */
public sealed interface Source permits DatabaseSource, RemoteSource {
    /** As reasons and metrics name it: the signal's code, or the name the job gave it. */
    String code();

    /** How often it wants to be read. */
    default Duration every() {
        return Duration.ofSeconds(1);
    }

    /** Nothing measured: no replica, no archive. */
    List<Measurement> NOTHING = List.of();
}
