package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The one thread of Quartz that starts anything on a worker. */
class ScheduleThreadTest {
    private final Rig rig = new Rig(TestPostgres.create());
    private final List<UUID> carried = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    @Test
    void itOutlivesAnError() {
        rig.define(Rig.job("users", null));
        Rig.Worker worker = rig.worker(Rig.settings("w1", Duration.ofMinutes(5)), lane -> {
            carried.add(lane.run());
            rig.end(lane.run());
        });
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_scheduler_state")
                .equals("1"));
        String instance = rig.fresh.value("SELECT instance_name FROM sluice.qrtz_scheduler_state");
        await().until(() -> QuietJobStore.looking(instance).isPresent());
        AtomicBoolean broken = new AtomicBoolean(true);
        AtomicInteger looks = new AtomicInteger();
        QuietJobStore.full(instance, () -> {
            looks.incrementAndGet();
            if (broken.get()) {
                throw new StackOverflowError("for a test");
            }
            return false;
        });
        UUID run = worker.start("users");
        // Quartz waits two seconds after a failure
        await().atMost(Duration.ofSeconds(30)).until(() -> looks.get() > 1);
        assertThat(carried).isEmpty();
        broken.set(false);
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(carried).containsExactly(run));
        assertThat(worker.scheduling.lost()).isEmpty();
    }
}
