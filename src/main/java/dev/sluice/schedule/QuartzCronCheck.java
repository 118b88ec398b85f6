package dev.sluice.schedule;

import dev.sluice.job.CronCheck;
import dev.sluice.time.Time;
import java.text.ParseException;
import java.util.Date;
import java.util.Optional;
import org.quartz.CronExpression;

/** Says what is wrong with a cron expression, as Quartz reads it. */
public final class QuartzCronCheck implements CronCheck {
    private static final int LONGEST = 120; // the column of the job store

    private final Time time;

    public QuartzCronCheck(Time time) {
        this.time = time;
    }

    @Override
    public Optional<String> mistake(String cron) {
        if (cron.length() > LONGEST) {
            return Optional.of("it has " + cron.length() + " characters, at most " + LONGEST + " can be stored");
        }
        try {
            var read = new CronExpression(cron);
            return read.getNextValidTimeAfter(Date.from(time.now())) == null
                    ? Optional.of("it never fires again")
                    : Optional.empty();
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
