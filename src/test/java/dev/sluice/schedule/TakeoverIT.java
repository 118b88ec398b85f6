package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.execution.LaneRunner;
import dev.sluice.run.LaneId;
import dev.sluice.testing.Alone;
import dev.sluice.testing.TestPostgres;
import dev.sluice.testing.Wire;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several workers on one control database; one of them dies, stops, or has no room. */
@Alone
@Tag("database")
class TakeoverIT {
    private static final Duration TAKEOVER = Duration.ofSeconds(3);

    private final Rig rig = new Rig(TestPostgres.create());

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    /** Beats until it is told to end or asked to stop; a dead one is stuck and beats no more. */
    private final class Beating implements LaneRunner {
        final List<UUID> carried = new CopyOnWriteArrayList<>();
        final CountDownLatch end = new CountDownLatch(1);
        volatile boolean dead;
        volatile Instant lastBeat = Instant.MIN;
        volatile Instant first = Instant.MIN;
        volatile boolean asked;

        @Override
        public void execute(LaneId lane) throws InterruptedException {
            UUID run = lane.run();
            if (!rig.isLive(run)) {
                return; // as the real one: a run that is over is left alone
            }
            if (carried.isEmpty()) {
                first = Instant.now();
            }
            carried.add(run);
            try {
                do {
                    if (dead) {
                        new CountDownLatch(1).await();
                    }
                    rig.beat(run);
                    lastBeat = Instant.now();
                } while (!end.await(100, TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                asked = true;
                throw e;
            }
            rig.end(run);
        }
    }

    private static ScheduleSettings settings(String worker) {
        return Rig.settings(worker, TAKEOVER);
    }

    @Test
    void aRunOfADeadWorkerIsTakenAfterTheTakeoverTimeAndOnceOnly() {
        rig.define(Rig.job("users", null));
        var one = new Beating();
        var two = new Beating();
        Rig.Worker w1 = rig.worker(settings("w1"), one);
        UUID run = w1.start("users");
        await().until(() -> one.carried.size() == 1);
        rig.worker(settings("w2"), two);

        one.dead = true;
        w1.vanish();

        await().atMost(Duration.ofSeconds(20)).until(() -> two.carried.size() == 1);
        assertThat(two.carried).containsExactly(run);
        assertThat(Duration.between(one.lastBeat, two.first))
                .as("not before the takeover time, and before Quartz's 8 s")
                .isBetween(TAKEOVER, Duration.ofSeconds(7));

        // Quartz notices the dead worker after its check-in and 7.5 s, and recovers; that must not carry the run again
        await().atMost(Duration.ofSeconds(30))
                .until(() -> rig.fresh
                        .value("SELECT count(*) FROM sluice.qrtz_scheduler_state WHERE instance_name LIKE 'w1-%'")
                        .equals("0"));
        System.out.printf(
                "TakeoverIT: after the last sign of life, the heartbeat (%s) had the run taken over after %s, Quartz (check-in %s) noticed after %s%n",
                TAKEOVER,
                Duration.between(one.lastBeat, two.first),
                settings("w1").checkIn(),
                Duration.between(one.lastBeat, Instant.now()));
        await().during(Duration.ofSeconds(1)).until(() -> two.carried.size() == 1);
        two.end.countDown();
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.qrtz_job_details WHERE job_group = 'run'")
                .equals("0"));
        assertThat(two.carried).hasSize(1);
    }

    /**
     * The wire to the first worker is held while several of its threads want Quartz's lock: the server gives it to each
     * of its sessions that wait for it in turn, and hears nothing more of them.
     */
    @Test
    void aFrozenWorkerKeepsQuartzFromOthersNoLongerThanTheTakeoverTime() throws Exception {
        List<String> names = List.of("users", "orders", "items"); // with Quartz's own, as many as it has sessions
        names.forEach(name -> rig.define(Rig.job(name, null)));
        var one = new Beating();
        var two = new Beating();
        try (var wire = new Wire(rig.fresh);
                Connection holder = rig.fresh.connect()) {
            var way = wire.through();
            Rig.Worker w1 = rig.worker(settings("w1"), one, way.as("frozen"));
            rig.worker(settings("w2"), two);
            holder.setAutoCommit(false);
            try (var lock = holder.createStatement()) {
                lock.execute("SELECT * FROM sluice.qrtz_locks WHERE lock_name = 'TRIGGER_ACCESS' FOR UPDATE");
            }
            for (String name : names) {
                Thread.ofVirtual().start(() -> w1.start(name));
            }
            await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(10)).until(this::isFrozenOneWaiting);
            wire.hold();
            UUID run = rig.orphan("left", TAKEOVER.plusSeconds(1));
            Instant frozen = Instant.now();
            holder.rollback();

            await().atMost(Duration.ofMinutes(2)).until(() -> two.carried.contains(run));
            assertThat(Duration.between(frozen, Instant.now()))
                    .as("one session at most has the lock until the server ends it, and a look follows")
                    .isLessThan(TAKEOVER.plusSeconds(5));
            wire.cut();
        } finally {
            one.end.countDown();
            two.end.countDown();
        }
    }

    private boolean isFrozenOneWaiting() {
        return !rig.fresh
                .value("SELECT count(*) FROM pg_stat_activity WHERE usename = 'frozen'"
                        + " AND wait_event_type = 'Lock'")
                .equals("0");
    }

    @Test
    void aRestartedWorkerTakesUpWhatIsLifelessAtOnce() {
        // so long that only the look at the start can find it
        Duration takeover = Duration.ofMinutes(5);
        UUID run = rig.orphan("users", takeover.plusSeconds(1));
        var beating = new Beating();
        rig.worker(Rig.settings("w1", takeover), beating);
        await().atMost(Duration.ofSeconds(30)).until(() -> beating.carried.size() == 1);
        assertThat(beating.carried).containsExactly(run);
        beating.end.countDown();
    }

    @Test
    void aQueuedRunWhoseTriggerWasNeverStoredIsFound() {
        var beating = new Beating();
        beating.end.countDown();
        rig.worker(settings("w1"), beating);
        UUID run = rig.orphan("users", Duration.ZERO);
        rig.fresh.run("UPDATE sluice.run SET state = 'queued'", "UPDATE sluice.lane SET heartbeat_at = NULL");
        await().atMost(TAKEOVER.plusSeconds(4)).until(() -> beating.carried.contains(run));
    }

    @Test
    void aWorkerThatStopsHandsItsRunsOverAtOnce() {
        rig.define(Rig.job("users", null));
        var one = new Beating();
        var two = new Beating();
        Rig.Worker w1 = rig.worker(settings("w1"), one);
        UUID run = w1.start("users");
        await().until(() -> one.carried.size() == 1);
        rig.worker(Rig.settings("w2", Duration.ofMinutes(5)), two);

        w1.scheduling.close();

        assertThat(one.asked).as("the carrier was asked to stop").isTrue();
        assertThat(w1.meter("sluice_scheduler_up")).isZero();
        // what it had only reserved for itself, such as the next look, is set free and not fired again
        assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_fired_triggers"
                        + " WHERE instance_name LIKE 'w1-%' AND state = 'EXECUTING'"))
                .as("nothing is left that would have to be recovered")
                .isEqualTo("0");
        await().atMost(Duration.ofSeconds(8)).until(() -> two.carried.size() == 1);
        assertThat(two.carried).containsExactly(run);
        two.end.countDown();
    }

    @Test
    void aWithdrawnWorkerLeavesItsRunsAndTakesNoneUntilItRejoins() {
        rig.define(Rig.job("users", null));
        rig.define(Rig.job("orders", null));
        var one = new Beating();
        var two = new Beating();
        Rig.Worker w1 = rig.worker(settings("w1"), one);
        UUID run = w1.start("users");
        await().until(() -> one.carried.size() == 1);

        w1.scheduling.withdraw();
        await().until(() -> one.asked);
        assertThat(w1.meter("sluice_scheduler_up")).isZero();
        UUID queued = w1.start("orders");
        assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_triggers WHERE trigger_group = 'run'"))
                .as("no trigger gets its time from a wrong clock")
                .isEqualTo("0");
        await().during(TAKEOVER.plusSeconds(1)).atMost(TAKEOVER.plusSeconds(2)).until(() -> one.carried.size() == 1);

        rig.worker(settings("w2"), two);
        await().atMost(Duration.ofSeconds(15)).until(() -> two.carried.size() == 2);
        assertThat(two.carried).containsExactlyInAnyOrder(run, queued);
        two.end.countDown();
        await().until(() -> rig.fresh
                .value("SELECT count(*) FROM sluice.run WHERE state = 'succeeded'")
                .equals("2"));

        w1.scheduling.rejoin();
        assertThat(w1.meter("sluice_scheduler_up")).isEqualTo(1);
        one.end.countDown();
        for (int i = 0; i < 20 && one.carried.size() == 1; i++) {
            UUID next = w1.start("users");
            await().until(() -> one.carried.contains(next) || two.carried.contains(next));
            await().until(() -> rig.fresh
                    .value("SELECT state FROM sluice.run WHERE id = '" + next + "'")
                    .equals("succeeded"));
        }
        assertThat(one.carried).as("it takes its share again").hasSizeGreaterThan(1);
    }

    @Test
    void aWorkerThatIsWithdrawnBeforeItStartsTakesNothing() {
        UUID run = rig.orphan("users", TAKEOVER.plusSeconds(1));
        var beating = new Beating();
        var worker = new Rig.Worker(rig, settings("w1"));
        try {
            worker.scheduling.withdraw();
            worker.scheduling.start(new ScheduleServices(worker.starts, beating, rig.orphanedLanes(), rig.events()));
            await().during(Duration.ofSeconds(2)).until(() -> beating.carried.isEmpty());
            assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_triggers"))
                    .isEqualTo("0");
            beating.end.countDown();
            worker.scheduling.rejoin();
            await().until(() -> beating.carried.contains(run));
        } finally {
            worker.close();
        }
    }

    @Test
    void aCarrierThatDoesNotStopHoldsTheWorkerNoLongerThanTheStopTimeout() {
        rig.define(Rig.job("users", null));
        var never = new CountDownLatch(1);
        var begun = new CountDownLatch(1);
        Rig.Worker w1 = rig.worker(Rig.settings("w1", Duration.ofMinutes(5)), run -> {
            begun.countDown();
            while (never.getCount() > 0) {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    // deaf
                }
            }
        });
        w1.start("users");
        await().until(() -> begun.getCount() == 0);
        long before = System.nanoTime();
        w1.scheduling.close();
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(10));
        never.countDown();
    }

    @Test
    void aFullWorkerLeavesARunUntilThereIsRoom() {
        rig.define(Rig.job("users", null));
        rig.define(Rig.job("orders", null));
        var beating = new Beating();
        var narrow =
                new ScheduleSettings("w1", 1, Duration.ofMillis(500), Duration.ofMillis(900), Duration.ofSeconds(3));
        Rig.Worker w1 = rig.worker(narrow, beating);
        UUID first = w1.start("users");
        await().until(() -> beating.carried.size() == 1);
        UUID second = w1.start("orders");
        await().during(Duration.ofSeconds(2)).until(() -> beating.carried.equals(List.of(first)));

        beating.end.countDown();
        await().until(() -> beating.carried.contains(second));
        assertThat(beating.carried).containsOnlyOnce(first, second);
    }
}
