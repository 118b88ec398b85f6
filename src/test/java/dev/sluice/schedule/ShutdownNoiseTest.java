package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class ShutdownNoiseTest {
    @Test
    void whatQuartzSaysOfItsOwnEndIsKeptOutAndNothingElse() {
        ShutdownNoise.keepOut();
        ShutdownNoise.keepOut();
        var seen = new ListAppender<ILoggingEvent>();
        seen.start();
        Logger quartz = (Logger) LoggerFactory.getLogger("org.quartz.core.QuartzSchedulerThread");
        Logger own = (Logger) LoggerFactory.getLogger(ShutdownNoiseTest.class);
        quartz.addAppender(seen);
        own.addAppender(seen);
        try {
            var closed = new IllegalStateException("JobStore is shutdown - aborting retry");
            quartz.error("Runtime error occurred in main trigger firing loop.", closed);
            own.error("kept, from elsewhere", closed);
            quartz.error("kept, another", new IllegalStateException("other"));
            quartz.error("kept, without");
        } finally {
            quartz.detachAppender(seen);
            own.detachAppender(seen);
        }
        assertThat(seen.list)
                .extracting(ILoggingEvent::getMessage)
                .containsExactly("kept, from elsewhere", "kept, another", "kept, without");
    }
}
