package dev.sluice.job;

import dev.sluice.job.Window.Parsed;
import dev.sluice.job.Window.Wrong;
import java.time.DayOfWeek;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a {@link Window}: days, times, zone. */
final class WindowText {
    private static final String TIME = "(\\d{1,2}:\\d{2})";
    private static final Pattern FORM =
            Pattern.compile("(?:(\\S.*?)\\s+)?" + TIME + "\\s*-\\s*" + TIME + "(?:\\s+(\\S.*))?");
    private static final String END_OF_DAY = "24:00";
    private static final String EXAMPLE = "`Mon-Fri 22:00-06:00 Europe/Berlin`";

    private WindowText() {}

    /** Thrown inside only. */
    private static final class NotADay extends Exception {
        private static final long serialVersionUID = 1;

        NotADay(String day) {
            super(day);
        }
    }

    /** @param text without white space around it */
    static Parsed parse(String text) {
        Matcher m = FORM.matcher(text);
        if (!m.matches()) {
            return new Wrong(
                    "\"" + text + "\" is no window.", "Write days, times and the time zone, such as " + EXAMPLE + ".");
        }
        if (m.group(1) == null) {
            return new Wrong("the days are missing.", "Write them before the times, such as " + EXAMPLE + ".");
        }
        if (m.group(4) == null) {
            return new Wrong(
                    "the time zone is missing.", "Write it after the times, such as " + EXAMPLE + ", or `UTC`.");
        }
        Set<DayOfWeek> days;
        try {
            days = days(m.group(1));
        } catch (NotADay e) {
            return new Wrong(
                    "\"" + e.getMessage() + "\" is no day of the week.",
                    "Write Mon, Tue, Wed, Thu, Fri, Sat or Sun, in ranges such as `Mon-Fri`, or lists such as"
                            + " `Sat,Sun`.");
        }
        return window(text, days, m.group(2), m.group(3), m.group(4));
    }

    private static Parsed window(String text, Set<DayOfWeek> days, String from, String to, String zone) {
        if (from.equals(END_OF_DAY)) {
            return new Wrong("nothing opens at 24:00.", "Write 00:00, and the day that begins then.");
        }
        Optional<LocalTime> opens = time(from);
        Optional<LocalTime> closes = to.equals(END_OF_DAY) ? Optional.of(LocalTime.MIDNIGHT) : time(to);
        if (opens.isEmpty() || closes.isEmpty()) {
            return new Wrong(
                    (opens.isEmpty() ? from : to) + " is no time of day.",
                    "Write times from 00:00 to 23:59, and 24:00 for the end of a day.");
        }
        Optional<ZoneId> place = ZoneText.parse(zone);
        if (place.isEmpty()) {
            return new Wrong(ZoneText.reason(zone), ZoneText.fix(zone));
        }
        return new Window.Right(new Window(days, opens.get(), closes.get(), place.get(), text));
    }

    private static Set<DayOfWeek> days(String text) throws NotADay {
        Set<DayOfWeek> days = EnumSet.noneOf(DayOfWeek.class);
        for (String part : List.of(text.split(",", -1))) {
            int dash = part.indexOf('-');
            DayOfWeek first = day(dash < 0 ? part : part.substring(0, dash));
            DayOfWeek last = dash < 0 ? first : day(part.substring(dash + 1));
            for (DayOfWeek day = first; day != last; day = day.plus(1)) {
                days.add(day);
            }
            days.add(last);
        }
        return days;
    }

    private static DayOfWeek day(String text) throws NotADay {
        String name = text.strip().toUpperCase(Locale.ROOT);
        return Arrays.stream(DayOfWeek.values())
                .filter(d -> name.equals(d.name()) || name.equals(d.name().substring(0, 3)))
                .findFirst()
                .orElseThrow(() -> new NotADay(text.strip()));
    }

    private static Optional<LocalTime> time(String text) {
        int colon = text.indexOf(':');
        int hour = Integer.parseInt(text.substring(0, colon));
        int minute = Integer.parseInt(text.substring(colon + 1));
        return hour > 23 || minute > 59 ? Optional.empty() : Optional.of(LocalTime.of(hour, minute));
    }
}
