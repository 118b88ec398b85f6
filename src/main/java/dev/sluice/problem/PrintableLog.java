package dev.sluice.problem;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.pattern.CompositeConverter;

/**
 * {@code %printable(…)} of {@code logback.xml}: what is in the brackets as {@link Printable#lines} has it, so that only
 * a line of the log itself begins at the left; ends the line, since a pattern cannot have {@code %n} behind it.
 */
public final class PrintableLog extends CompositeConverter<ILoggingEvent> {
    @Override
    protected String transform(ILoggingEvent event, String in) {
        return Printable.lines(in.stripTrailing().replace("\t", "    ")) + System.lineSeparator();
    }
}
