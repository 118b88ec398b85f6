package dev.sluice;

import dev.sluice.fleet.Definitions;
import dev.sluice.fleet.Membership;
import dev.sluice.problem.Problem;
import dev.sluice.schedule.Schedules;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Keeps what this worker has published in step with its folder, and the schedules in step with what all hold. */
final class ScheduleSync {
    private final Definitions definitions;
    private final Membership membership;
    private final Schedules schedules;
    private volatile boolean published;
    private volatile String failure = "";
    private String acted = "";
    private boolean sureWhenActed;

    ScheduleSync(Definitions definitions, Membership membership, Schedules schedules) {
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
            failure = "";
        } catch (RuntimeException | Error e) {
            published = false;
            failure = "the job files could not be published to the other workers" + cause(e);
            throw e;
        }
    }

    /**
     * Brings the schedules in step, if anything is new. A job that no live worker holds goes only when it is sure who
     * lives.
     */
    synchronized void schedules() {
        boolean sure = membership.maySayWhoIsDead();
        try {
            definitions.whenChanged(sureWhenActed || !sure ? acted : "", held -> {
                schedules.apply(held.jobs(), job -> !sure || held.unreadable().contains(job));
                acted = held.state();
                sureWhenActed = sure;
            });
            failure = "";
        } catch (RuntimeException | Error e) {
            failure = "the schedules could not be brought in step" + cause(e);
            throw e;
        }
    }

    /** What anybody may read of it. */
    private static String cause(Throwable e) {
        return e instanceof Problem problem
                ? Readiness.state(problem) + "; it is tried again"
                : " for a fault of Sluice's, which the log tells; it is tried again";
    }

    /** What is not in step, and which jobs' schedules are not stored; empty where all is well. */
    Optional<String> problem() {
        String first = failure;
        String jobs = schedules.refused().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(e -> "the schedule of job " + e.getKey() + " is not stored: " + e.getValue())
                .collect(Collectors.joining("; "));
        String all = first + (first.isEmpty() || jobs.isEmpty() ? "" : "; ") + jobs;
        return all.isEmpty() ? Optional.empty() : Optional.of(all);
    }
}
