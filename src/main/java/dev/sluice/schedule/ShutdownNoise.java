package dev.sluice.schedule;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Keeps out of the log what Quartz's thread says when a scheduler is closed while it tries to reach its store: that the
 * store is closed, as an error with a stack trace. It is what was asked for.
 */
final class ShutdownNoise extends TurboFilter {
    private static final String NAME = "quartz-shutdown";
    private static final String THREAD = "org.quartz.core.QuartzSchedulerThread";
    /** Of the exception that Quartz 2.5's JobStoreSupport throws out of its retries once it is shut down. */
    private static final String CLOSED = "JobStore is shutdown";

    private ShutdownNoise() {}

    /** Once for all schedulers of this JVM. */
    static synchronized void keepOut() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getTurboFilterList().stream().noneMatch(f -> NAME.equals(f.getName()))) {
            var filter = new ShutdownNoise();
            filter.setName(NAME);
            filter.setContext(context);
            filter.start();
            context.addTurboFilter(filter);
        }
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] params,
            @Nullable Throwable t) {
        return t != null
                        && logger.getName().equals(THREAD)
                        && String.valueOf(t.getMessage()).startsWith(CLOSED)
                ? FilterReply.DENY
                : FilterReply.NEUTRAL;
    }
}
