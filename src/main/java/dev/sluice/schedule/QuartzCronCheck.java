package dev.sluice.schedule;

import dev.sluice.job.CronCheck;
import dev.sluice.job.Schedule;
import java.text.ParseException;
import java.time.Instant;
import java.util.Optional;
import org.quartz.CronExpression;

/**
 * Says what is wrong with a cron expression, as Quartz reads it, and asks its trigger whether there is any moment in
 * its zone that meets it. What is past was such a moment, so that the answer is the same whenever it is asked for.
 */
public final class QuartzCronCheck implements CronCheck {
    private static final int LONGEST = 120; // the column of the job store
    /** Quartz knows no year before 1970; a day earlier, for the zones east of UTC. */
    private static final Instant BEFORE_ALL = Instant.parse("1969-12-30T00:00:00Z");

    @Override
    public Optional<String> mistake(Schedule schedule) {
        String cron = schedule.cron();
        if (cron.length() > LONGEST) {
            return Optional.of("it has " + cron.length() + " characters, at most " + LONGEST + " can be stored");
        }
        try {
            CronExpression.validateExpression(cron);
            return CronTriggers.first(schedule, BEFORE_ALL).isPresent()
                    ? Optional.empty()
                    : Optional.of("it never fires, for no moment in the zone "
                            + schedule.zone().getId() + " meets it; a change of the clocks may leave that hour out");
        } catch (ParseException e) {
            return Optional.of(withoutStop(String.valueOf(e.getMessage())));
        } catch (RuntimeException e) {
            return Optional.of("it cannot be read: " + withoutStop(String.valueOf(e.getMessage())));
        }
    }

    /** The sentence around it has a full stop of its own. */
    private static String withoutStop(String text) {
        return text.replaceAll("[.\\s]+$", "");
    }
}
