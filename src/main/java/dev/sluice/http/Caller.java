package dev.sluice.http;

import dev.sluice.config.Role;
import dev.sluice.event.Actor;
import dev.sluice.run.RunStatus;

/**
 * Who asks.
 *
 * @param actor the token's name, {@code local} where there are no tokens
 * @param role what the caller may
 */
record Caller(Actor actor, Role role) {
    /** Nobody known: may see only what is public. */
    static final Caller ANYBODY = new Caller(new Actor("anybody"), Role.VIEWER);

    /** Somebody on this machine, where there are no tokens. */
    static final Caller LOCAL = new Caller(new Actor("local"), Role.APPROVER);

    /** What of a run this caller may see: values of rows are for operators. */
    RunStatus sees(RunStatus run) {
        return role.may(Role.OPERATOR) ? run : run.withoutRowValues();
    }
}
