package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.event.Actor;
import dev.sluice.problem.Problem;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Starts on one worker, with a takeover time that no test reaches. */
@TestInstance(Lifecycle.PER_CLASS)
class QuartzStartsTest {
    private final Rig rig = new Rig(TestPostgres.create());
    private final List<UUID> carried = new CopyOnWriteArrayList<>();
    private CountDownLatch go = new CountDownLatch(0);
    private Rig.Worker worker = new Rig.Worker(rig, Rig.settings("unused", Duration.ofMinutes(5)));

    @BeforeAll
    void start() {
        worker.close();
        worker = rig.worker(Rig.settings("w1", Duration.ofMinutes(5)), lane -> {
            carried.add(lane.run());
            rig.beat(lane.run());
            go.await();
            rig.end(lane.run());
        });
    }

    @BeforeEach
    void clean() {
        rig.files.clear();
        rig.define(Rig.job("users", null));
    }

    @AfterEach
    void done() {
        go.countDown();
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_job_details WHERE job_group = 'run'")
                .equals("0"));
        carried.clear();
    }

    @AfterAll
    void close() throws Exception {
        rig.close();
    }

    @Test
    void aStartedRunIsCarriedOnceAndLeavesNothingBehind() {
        UUID run = worker.start("users");

        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_triggers t WHERE t.job_group = 'run'")
                .equals("0"));
        assertThat(carried).containsExactly(run);
        assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_fired_triggers WHERE job_group = 'run'"))
                .isEqualTo("0");
        assertThat(worker.meter("sluice_scheduler_up")).isEqualTo(1);
        await().until(() -> worker.meter("sluice_scheduler_jobs_executed_total{group=\"run\"}") >= 1);
    }

    @Test
    void aSecondStartWhileOneIsLiveIsRefusedByTheQueueAndTheRunGoesOn() {
        go = new CountDownLatch(1);
        UUID run = worker.start("users");
        assertThatThrownBy(() -> worker.start("users")).isInstanceOfSatisfying(Problem.class, p -> {
            assertThat(p.code()).isEqualTo("live-run-exists");
            assertThat(p.details()).containsEntry("run", run);
        });
        await().untilAsserted(() -> assertThat(carried).containsExactly(run));
        assertThat(worker.meter("sluice_scheduler_jobs_executing")).isGreaterThanOrEqualTo(1);
    }

    @Test
    void whoeverAsksToCarryWhatIsCarriedGetsOneMoreTurnAfterIt() {
        go = new CountDownLatch(1);
        UUID run = worker.start("users");
        await().until(() -> carried.size() == 1);

        worker.starts.execute(run);
        worker.starts.execute(run);
        worker.starts.execute(run);
        assertThat(
                        rig.fresh.value(
                                "SELECT count(*) FROM sluice.qrtz_fired_triggers WHERE job_group = 'run' AND state = 'EXECUTING'"))
                .as("the record of what is firing stays")
                .isEqualTo("1");
        assertThat(carried).as("not at once").hasSize(1);

        go.countDown();
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_triggers t WHERE t.job_group = 'run'")
                .equals("0"));
        assertThat(carried).containsExactly(run, run);
    }

    @Test
    void aCarrierThatThrowsIsCountedAndTheWorkerGoesOn() {
        double before = worker.meter("sluice_scheduler_jobs_failed_total{group=\"run\"}");
        go = new CountDownLatch(1);
        UUID run = worker.start("users");
        await().until(() -> carried.size() == 1);
        rig.fresh.run("ALTER TABLE sluice.run RENAME TO run_gone"); // the carrier's last write fails
        try {
            go.countDown();
            await().until(() -> worker.meter("sluice_scheduler_jobs_failed_total{group=\"run\"}") == before + 1);
        } finally {
            rig.fresh.run("ALTER TABLE sluice.run_gone RENAME TO run");
            rig.end(run);
        }
        assertThat(worker.start("users")).isNotEqualTo(run);
    }

    @Test
    void anUnknownJobIsNamedWithThoseThatAreKnown() {
        rig.broken("orders.yaml");
        assertThatThrownBy(() -> worker.start("no-such"))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.NOT_FOUND);
                    assertThat(p.code()).isEqualTo("unknown-job");
                })
                .hasMessageContainingAll("\"no-such\"", "Known: users.", "Files with mistakes: 1");
    }

    @Test
    void aScheduleStartsWhatAnotherWorkerHoldsAndAPersonIsToldOfTheMistakesHere() {
        rig.broken("orders.yaml");
        rig.elsewhere.add(Rig.job("orders", null));
        assertThatThrownBy(() -> worker.start("orders"))
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.code()).isEqualTo("job-has-mistakes"));
        var started = worker.starts.start("orders", Actor.SCHEDULE, "schedule", Optional.empty());
        assertThat(started.run().job()).isEqualTo("orders");
        await().until(() -> carried.contains(started.run().id()));
    }

    @Test
    void aJobWhoseFileHasMistakesIsRefusedWithThem() {
        rig.broken("team/orders.yaml");
        assertThatThrownBy(() -> worker.starts.start("orders", new Actor("ann"), "http", Optional.empty()))
                .isInstanceOfSatisfying(Problem.class, p -> {
                    assertThat(p.kind()).isEqualTo(Problem.Kind.UNPROCESSABLE);
                    assertThat(p.code()).isEqualTo("job-has-mistakes");
                })
                .hasMessageContaining("team/orders.yaml:3: migrate.table: not a text. Fix: Quote it.");
    }
}
