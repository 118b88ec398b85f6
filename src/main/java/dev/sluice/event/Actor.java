package dev.sluice.event;

/**
 * Who does something: a token's name, {@code local} for a loopback caller without tokens, {@code schedule}, or
 * {@code worker:<name>} for what the engine does by itself.
 *
 * @param name shown in the event log
 */
public record Actor(String name) {
    /** A schedule's start. */
    public static final Actor SCHEDULE = new Actor("schedule");

    /** The engine itself, on the named worker. */
    public static Actor worker(String name) {
        return new Actor("worker:" + name);
    }
}
