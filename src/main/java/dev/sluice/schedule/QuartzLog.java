package dev.sluice.schedule;

import dev.sluice.database.SqlFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;

/** Quartz's log of its store, without what {@link Outage} says once for all, and without stack traces of SQL errors. */
final class QuartzLog extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1;

    private final transient Logger to;
    private final transient Outage outage;

    QuartzLog(Logger to, Outage outage) {
        this.name = to.getName();
        this.to = to;
        this.outage = outage;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String message,
            Object @Nullable [] arguments,
            @Nullable Throwable thrown) {
        if (thrown != null && outage.tells(thrown)) {
            return;
        }
        var line = to.atLevel(level);
        if (arguments != null) {
            for (Object argument : arguments) {
                line = line.addArgument(argument);
            }
        }
        if (thrown != null && SqlFailure.in(thrown).isEmpty()) {
            line = line.setCause(thrown);
        }
        line.log(message);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    public boolean isTraceEnabled() {
        return to.isTraceEnabled();
    }

    @Override
    public boolean isDebugEnabled() {
        return to.isDebugEnabled();
    }

    @Override
    public boolean isInfoEnabled() {
        return to.isInfoEnabled();
    }

    @Override
    public boolean isWarnEnabled() {
        return to.isWarnEnabled();
    }

    @Override
    public boolean isErrorEnabled() {
        return to.isErrorEnabled();
    }
}
