package dev.sluice.schedule;

import dev.sluice.config.Settings;
import dev.sluice.config.SettingsReader;
import dev.sluice.problem.Problem;
import java.time.Duration;

/**
 * How this worker takes part in the schedule.
 *
 * @param worker this worker's name
 * @param runs how many lanes of runs it carries at once; at least 1
 * @param checkIn how often it tells the other workers that it is alive; at least 100 ms
 * @param takeover how long a run shows no sign of life before another worker takes it; at least 200 ms
 * @param stopTimeout how long a stop waits for batches in flight
 */
public record ScheduleSettings(String worker, int runs, Duration checkIn, Duration takeover, Duration stopTimeout) {

    /** With the documented defaults. */
    public static ScheduleSettings of(String worker) {
        return of(worker, SettingsReader.defaults().worker());
    }

    /** As the operator has set it for a worker of this name. */
    public static ScheduleSettings of(String worker, Settings.Worker w) {
        return new ScheduleSettings(worker, w.threads(), w.checkIn(), w.takeover(), w.stopTimeout());
    }

    /** @throws Problem INVALID {@code bad-schedule-settings} for values outside of the ranges above */
    public ScheduleSettings {
        if (runs < 1) {
            throw bad("a worker that carries " + runs + " runs would do nothing. Give at least 1.");
        }
        if (checkIn.toMillis() < 100) {
            throw bad("a check-in every " + checkIn + " is too often. Give at least 100 ms.");
        }
        if (takeover.toMillis() < 200) {
            throw bad(
                    "a takeover after " + takeover + " would take runs from workers that live. Give at least 200 ms.");
        }
    }

    private static Problem bad(String what) {
        return new Problem(Problem.Kind.INVALID, "bad-schedule-settings", "Schedule settings: " + what);
    }
}
