package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.testing.TestPostgres;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The server of the control database stops and starts again under a worker. */
class OutageIT {
    @TempDir
    Path data;

    private EmbeddedPostgres server(int port) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data.resolve("pg"))
                .setCleanDataDirectory(false)
                .setPort(port)
                .setServerConfig("fsync", "off")
                .start();
    }

    @Test
    void quartzOutlivesAnOutageAndSaysSoOnce() throws Exception {
        int port;
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        var log = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        EmbeddedPostgres server = server(port);
        var rig = new Rig(
                new TestPostgres.Fresh("jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "postgres"));
        List<UUID> carried = new CopyOnWriteArrayList<>();
        try (rig) {
            rig.define(Rig.job("users", null));
            Rig.Worker worker = rig.worker(Rig.settings("w1", Duration.ofSeconds(2)), lane -> {
                carried.add(lane.run());
                rig.end(lane.run());
            });
            worker.start("users");
            await().until(() -> carried.size() == 1);

            log.addAppender(lines);
            server.close();
            await().until(() -> waits(lines.list) > 0);
            await().during(Duration.ofSeconds(5)).atMost(Duration.ofSeconds(7)).until(() -> waits(lines.list) == 1);
            server = server(port);

            worker.start("users");
            await().atMost(Duration.ofSeconds(40)).until(() -> carried.size() == 2);
            await().until(() ->
                    lines.list.stream().anyMatch(l -> l.getFormattedMessage().contains("answers the schedule again")));
            log.detachAppender(lines);

            List<ILoggingEvent> seen = List.copyOf(lines.list);
            assertThat(waits(seen)).isEqualTo(1);
            assertThat(seen)
                    .filteredOn(l -> l.getLoggerName().startsWith("dev.sluice.schedule")
                            || l.getLoggerName().startsWith("org.quartz"))
                    .filteredOn(l -> l.getLevel().isGreaterOrEqual(Level.WARN) && l.getThrowableProxy() != null)
                    .extracting(ILoggingEvent::getFormattedMessage)
                    .as("no stack traces")
                    .isEmpty();
        } finally {
            log.detachAppender(lines);
            server.close();
        }
    }

    private static long waits(List<ILoggingEvent> lines) {
        return List.copyOf(lines).stream()
                .filter(l -> l.getLevel() == Level.WARN
                        && l.getFormattedMessage().startsWith("The schedule waits for database"))
                .count();
    }
}
