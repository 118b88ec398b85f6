package dev.sluice.database;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import java.sql.SQLException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Prints stack traces into the log, whoever logs them, a library too: where the message of an SQL error may quote a
 * row, its SQLSTATE and condition stand in its place. {@code logback.xml} names it as {@code %rowlessEx}.
 */
public final class StackTraceWithoutRows extends ThrowableProxyConverter {
    @Override
    public String convert(ILoggingEvent event) {
        String text = super.convert(event);
        if (!(event.getThrowableProxy() instanceof ThrowableProxy proxy)) {
            return text;
        }
        Set<Throwable> all = Collections.newSetFromMap(new IdentityHashMap<>());
        gather(proxy.getThrowable(), all);
        for (Throwable thrown : all) {
            SqlFailure failure =
                    thrown instanceof SQLException ? SqlFailure.in(thrown).orElse(null) : null;
            if (failure != null && failure.mayQuoteRows() && !failure.message().isEmpty()) {
                text = text.replace(failure.message(), failure.toString());
            }
        }
        return text;
    }

    private static void gather(@Nullable Throwable thrown, Set<Throwable> all) {
        if (thrown == null || !all.add(thrown)) {
            return;
        }
        gather(thrown.getCause(), all);
        for (Throwable suppressed : thrown.getSuppressed()) {
            gather(suppressed, all);
        }
        if (thrown instanceof SQLException sql) {
            gather(sql.getNextException(), all);
        }
    }
}
