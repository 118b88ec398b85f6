package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A run that another worker carries, and that somebody asks to be carried all the same, as by a repeated resume. */
class CarriedElsewhereTest {
    private final Rig rig = new Rig(TestPostgres.create());
    private final List<UUID> carried = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    @Test
    void aHealthyConductorIsLeftAlone() {
        Rig.Worker worker = rig.worker(Rig.settings("w1", Duration.ofMinutes(5)), lane -> carried.add(lane.run()));
        UUID run = rig.orphan("users", Duration.ofSeconds(1));
        rig.fresh.run("UPDATE sluice.lane SET owner = 'another'");
        worker.starts.execute(run);
        awaitFired();
        assertThat(carried).isEmpty();

        rig.fresh.run("UPDATE sluice.lane SET owner = NULL, heartbeat_at = NULL");
        worker.starts.execute(run);
        awaitFired();
        assertThat(carried).as("nobody carries it now").containsExactly(run);

        rig.fresh.run("UPDATE sluice.lane SET owner = 'dead', heartbeat_at = now() - interval '1 hour'");
        worker.starts.execute(run);
        awaitFired();
        assertThat(carried).as("its carrier is dead").containsExactly(run, run);
    }

    private void awaitFired() {
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_job_details WHERE job_group = 'run'")
                .equals("0"));
    }
}
