package dev.sluice;

import dev.sluice.fleet.ClockReading;
import dev.sluice.fleet.HeartbeatResult;
import dev.sluice.fleet.Membership;
import dev.sluice.problem.Problem;
import dev.sluice.resilience.PeriodicWork;
import dev.sluice.schedule.Scheduling;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shows this worker's signs of life, and acts on what they find: while its clock is off, the worker takes no work.
 * Closed, it leaves the other workers at once.
 */
final class HeartbeatLoop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HeartbeatLoop.class);

    private final Membership membership;
    private final Scheduling scheduling;
    private final ScheduleSync scheduleSync;
    private final PeriodicWork work = new PeriodicWork("presence");
    private volatile Optional<ClockReading> off = Optional.empty();
    private volatile List<String> twins = List.of();
    private volatile boolean eldest;

    HeartbeatLoop(Membership membership, Scheduling scheduling, ScheduleSync scheduleSync) {
        this.membership = membership;
        this.scheduling = scheduling;
        this.scheduleSync = scheduleSync;
    }

    /**
     * Shows the first sign of life and what this worker holds.
     *
     * @throws Problem UNAVAILABLE when the control database does not answer; call again
     */
    void join() {
        beat();
        scheduleSync.publish();
    }

    /** Goes on with it. */
    void start(Duration every) {
        work.every(every, every, "sign of life of this worker", this::beat);
    }

    private void beat() {
        HeartbeatResult beat = membership.beat();
        if (beat.joined()) {
            scheduleSync.outOfStep();
        }
        eldest = beat.eldest();
        tell(beat.twins());
        beat.clock().ifPresent(this::judge);
    }

    private void judge(ClockReading reading) {
        boolean withdrawn = off.isPresent();
        if (reading.isOff()) {
            off = Optional.of(reading);
            if (!withdrawn) {
                LOG.warn("not ready: {}", reading.message());
                scheduling.withdraw();
            }
        } else if (withdrawn) {
            scheduling.rejoin();
            off = Optional.empty();
            LOG.info("this worker's clock agrees with the control database's again; it takes work");
        }
    }

    private void tell(List<String> found) {
        if (!found.isEmpty() && twins.isEmpty()) {
            LOG.warn("{}", shared(found));
        }
        twins = found;
    }

    private static String shared(List<String> twins) {
        return twins.size() + " other live worker(s) bear this one's name (instance " + String.join(", ", twins)
                + "). Nothing is done twice, but nobody can tell them apart: give each its own worker.name.";
    }

    /** Whether it is this worker that reports what is true of runs, whoever carries them. */
    boolean reports() {
        return eldest;
    }

    /** Whether the worker takes no work because of its clock. */
    boolean isWithdrawn() {
        return off.isPresent();
    }

    /** Why its clock keeps the worker from working; empty while it does not. */
    Optional<String> clock() {
        return off.map(ClockReading::message);
    }

    /** That other workers bear its name; empty while none does. */
    Optional<String> name() {
        List<String> now = twins;
        return now.isEmpty() ? Optional.empty() : Optional.of(shared(now));
    }

    /** What of this is no longer done. */
    Optional<String> lost() {
        return work.lost();
    }

    @Override
    public void close() {
        work.close();
        try {
            membership.leave();
        } catch (Problem e) {
            LOG.warn("this worker counts as live until the takeover time is over: {}", e.getMessage());
        }
    }
}
