package dev.sluice;

import dev.sluice.fleet.Definitions;
import dev.sluice.fleet.Membership;
import dev.sluice.schedule.Schedules;

/** Keeps what this worker has published in step with its folder, and the schedules in step with what all hold. */
final class InStep {
    private final Definitions definitions;
    private final Membership membership;
    private final Schedules schedules;
    private volatile boolean published;
    private String acted = "";
    private boolean sureWhenActed;

    InStep(Definitions definitions, Membership membership, Schedules schedules) {
        this.definitions = definitions;
        this.membership = membership;
        this.schedules = schedules;
    }

    /** What is published may not be what the folder holds. */
    void outOfStep() {
        published = false;
    }

    /** @throws dev.sluice.problem.Problem UNAVAILABLE when the control database does not store it; call again */
    synchronized void publish() {
        if (published) {
            return;
        }
        published = true; // first: what changes meanwhile is published the next time
        try {
            definitions.publish();
        } catch (RuntimeException e) {
            published = false;
            throw e;
        }
    }

    /**
     * Brings the schedules in step, if anything is new. A job that no live worker holds goes only when it is sure who
     * lives.
     */
    synchronized void schedules() {
        boolean sure = membership.maySayWhoIsDead();
        definitions.whenChanged(sureWhenActed || !sure ? acted : "", held -> {
            schedules.apply(held.jobs(), job -> !sure || held.unreadable().contains(job));
            acted = held.state();
            sureWhenActed = sure;
        });
    }
}
