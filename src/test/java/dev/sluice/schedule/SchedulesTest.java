package dev.sluice.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.event.Actor;
import dev.sluice.job.Schedule;
import dev.sluice.problem.Problem;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SchedulesTest {
    private static final Duration NEVER = Duration.ofMinutes(5);
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    private final Rig rig = new Rig(TestPostgres.create());
    private final List<UUID> carried = new CopyOnWriteArrayList<>();
    private final CountDownLatch go = new CountDownLatch(1);

    @AfterEach
    void close() throws Exception {
        go.countDown();
        rig.close();
    }

    private Rig.Worker worker() {
        return rig.worker(Rig.settings("w1", NEVER), lane -> {
            carried.add(lane.run());
            rig.beat(lane.run());
            go.await();
            rig.end(lane.run());
        });
    }

    private static Schedule cron(String cron, Schedule.Misfire misfire) {
        return new Schedule(cron, BERLIN, misfire);
    }

    private String trigger(String what, String job) {
        return rig.fresh.value("SELECT " + what + " FROM sluice.qrtz_triggers t JOIN sluice.qrtz_cron_triggers c"
                + " USING (sched_name, trigger_name, trigger_group) WHERE t.trigger_name = '" + job + "'");
    }

    private String triggers() {
        return rig.fresh.value("SELECT string_agg(trigger_name, ',' ORDER BY trigger_name) FROM sluice.qrtz_triggers"
                + " WHERE trigger_group = 'schedule'");
    }

    @Test
    void aScheduleFiresAndWhatItMayNotStartIsAnEventAndNoError() {
        var users = Rig.job("users", cron("* * * * * ?", Schedule.Misfire.ONCE));
        rig.define(users);
        Rig.Worker worker = worker();
        worker.scheduling.schedules().apply(List.of(users));

        await().until(() -> !carried.isEmpty());
        assertThat(rig.fresh.value("SELECT requested_by FROM sluice.run LIMIT 1"))
                .isEqualTo("x");
        await().untilAsserted(() -> assertThat(rig.events).isNotEmpty());
        assertThat(rig.events.getFirst()).satisfies(e -> {
            assertThat(e.action()).isEqualTo("schedule.refused");
            assertThat(e.actor()).isEqualTo("schedule");
            assertThat(e.job()).isEqualTo("users");
            assertThat(e.detail())
                    .containsEntry("code", "live-run-exists")
                    .containsEntry("reason", "Job has a live run.");
        });
        assertThat(worker.meter("sluice_scheduler_jobs_failed_total{group=\"schedule\"}"))
                .isZero();
        assertThat(carried).hasSize(1);
    }

    @Test
    void zoneAndMisfirePolicyAreInTheTrigger() {
        var once = Rig.job("once", cron("0 0 1 * * ?", Schedule.Misfire.ONCE));
        var skip = Rig.job("skip", new Schedule("0 30 2 ? * MON-FRI", ZoneId.of("UTC"), Schedule.Misfire.SKIP));
        worker().scheduling.schedules().apply(List.of(once, skip, Rig.job("none", null)));

        assertThat(triggers()).isEqualTo("once,skip");
        assertThat(trigger("cron_expression", "once")).isEqualTo("0 0 1 * * ?");
        assertThat(trigger("time_zone_id", "once")).isEqualTo("Europe/Berlin");
        assertThat(trigger("misfire_instr", "once")).as("fire once now").isEqualTo("1");
        assertThat(trigger("time_zone_id", "skip")).isEqualTo("UTC");
        assertThat(trigger("misfire_instr", "skip")).as("do nothing").isEqualTo("2");
        assertThat(trigger(
                        "to_char(to_timestamp(next_fire_time/1000) AT TIME ZONE 'Europe/Berlin', 'HH24:MI')", "once"))
                .isEqualTo("01:00");
    }

    @Test
    void onlyWhatReallyChangedIsScheduledAnew() {
        Schedules schedules = worker().scheduling.schedules();
        var users = Rig.job("users", cron("0 0 1 * * ?", Schedule.Misfire.ONCE));
        var orders = Rig.job("orders", cron("0 0 2 * * ?", Schedule.Misfire.ONCE));
        schedules.apply(List.of(users, orders));
        rig.fresh.run(
                "UPDATE sluice.qrtz_triggers SET next_fire_time = 4102444800000 WHERE trigger_group = 'schedule'");

        schedules.apply(List.of(users, Rig.job("orders", cron("0 0 3 * * ?", Schedule.Misfire.ONCE))));
        assertThat(trigger("next_fire_time", "users")).as("kept").isEqualTo("4102444800000");
        assertThat(trigger("cron_expression", "orders")).isEqualTo("0 0 3 * * ?");
        assertThat(trigger("next_fire_time", "orders")).isNotEqualTo("4102444800000");

        schedules.apply(List.of(Rig.job("users", cron("0 0 1 * * ?", Schedule.Misfire.SKIP))));
        assertThat(triggers()).as("orders went").isEqualTo("users");
        assertThat(trigger("misfire_instr", "users")).isEqualTo("2");

        schedules.apply(
                List.of(Rig.job("users", new Schedule("0 0 1 * * ?", ZoneId.of("Asia/Tokyo"), Schedule.Misfire.SKIP))));
        assertThat(trigger("time_zone_id", "users")).isEqualTo("Asia/Tokyo");

        schedules.apply(List.of());
        assertThat(triggers()).isEqualTo("null");
        assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_job_details WHERE job_group = 'schedule'"))
                .isEqualTo("0");
    }

    @Test
    void whatIsNotAmongTheJobsStaysWhereItMust() {
        Schedules schedules = worker().scheduling.schedules();
        var users = Rig.job("users", cron("0 0 1 * * ?", Schedule.Misfire.ONCE));
        var orders = Rig.job("orders", cron("0 0 2 * * ?", Schedule.Misfire.ONCE));
        schedules.apply(List.of(users, orders));
        schedules.apply(List.of(), "users"::equals);
        assertThat(triggers()).isEqualTo("users");
        schedules.apply(List.of(Rig.job("users", null)), name -> true);
        assertThat(triggers())
                .as("its file is there and has no schedule any more")
                .isEqualTo("null");
    }

    /** A definition of another worker's is not checked here: its Quartz, its zones or its version may differ. */
    @Test
    void aScheduleThatCannotBeStoredKeepsNoOtherFromIt() {
        Rig.Worker worker = worker();
        Schedules schedules = worker.scheduling.schedules();
        var jobs = new ArrayList<dev.sluice.job.Job>();
        for (int i = 0; i < 6; i++) {
            jobs.add(Rig.job("good" + i, cron("0 0 1 * * ?", Schedule.Misfire.ONCE)));
        }
        jobs.add(Rig.job("gap", cron("0 30 2 28 3 ? 2027", Schedule.Misfire.ONCE)));
        jobs.add(Rig.job("spent", cron("0 0 0 1 1 ? 2020", Schedule.Misfire.ONCE)));
        jobs.add(Rig.job("nonsense", cron("every day", Schedule.Misfire.ONCE)));
        jobs.add(Rig.job("long", cron("0 " + "1,".repeat(100) + "1 1 * * ?", Schedule.Misfire.ONCE)));
        schedules.apply(jobs);
        assertThat(triggers()).isEqualTo("good0,good1,good2,good3,good4,good5");
        assertThat(schedules.refused()).containsOnlyKeys("nonsense", "long");
        assertThat(schedules.refused().get("long")).contains("22001");
        assertThat(worker.starts.nextStarts())
                .containsOnlyKeys("good0", "good1", "good2", "good3", "good4", "good5")
                .allSatisfy((job, next) -> assertThat(next).isAfter(Instant.now()));

        schedules.apply(List.of(Rig.job("nonsense", cron("0 0 1 * * ?", Schedule.Misfire.ONCE))));
        assertThat(schedules.refused()).isEmpty();
        assertThat(triggers()).isEqualTo("nonsense");
    }

    @Test
    void aDateThatIsPastTakesTheTriggerAwayAndOneThatWasMissedStays() {
        Schedules schedules = worker().scheduling.schedules();
        schedules.apply(List.of(Rig.job("users", cron("0 0 1 * * ?", Schedule.Misfire.ONCE))));
        schedules.apply(List.of(Rig.job("users", cron("0 0 1 1 1 ? 2020", Schedule.Misfire.ONCE))));
        assertThat(triggers()).as("changed to a date that is past").isEqualTo("null");
        assertThat(schedules.refused()).isEmpty();
        schedules.apply(List.of(Rig.job("users", cron("0 0 1 1 1 ? 2090", Schedule.Misfire.ONCE))));
        rig.fresh.run("UPDATE sluice.qrtz_cron_triggers SET cron_expression = '0 0 1 1 1 ? 2020'");
        schedules.apply(List.of(Rig.job("users", cron("0 0 1 1 1 ? 2020", Schedule.Misfire.ONCE))));
        assertThat(triggers()).as("it may be a start that was missed").isEqualTo("users");
    }

    @Test
    void takingAScheduleAwayLeavesTheLiveRunAlone() {
        var users = Rig.job("users", cron("* * * * * ?", Schedule.Misfire.ONCE));
        rig.define(users);
        Rig.Worker worker = worker();
        worker.scheduling.schedules().apply(List.of(users));
        await().until(() -> carried.size() == 1);

        worker.scheduling.schedules().apply(List.of());
        assertThat(rig.fresh.value("SELECT state FROM sluice.run")).isEqualTo("running");
        go.countDown();
        await().until(() -> rig.fresh.value("SELECT state FROM sluice.run").equals("succeeded"));
    }

    /** A worker on which so many starts are not taken, whatever job they are of. */
    private Rig.Worker workerThatMisses(int starts, Problem why) {
        var worker = new Rig.Worker(rig, Rig.settings("w1", Duration.ofSeconds(1)));
        var left = new AtomicInteger(starts);
        Starts late = new Starts() {
            @Override
            public Started start(String job, Actor actor, String trigger, Optional<String> key) {
                if (left.getAndDecrement() > 0) {
                    throw why;
                }
                return worker.starts.start(job, actor, trigger, key);
            }

            @Override
            public Map<String, Instant> nextStarts() {
                return worker.starts.nextStarts();
            }

            @Override
            public void execute(UUID run) {
                worker.starts.execute(run);
            }
        };
        worker.scheduling.start(new ScheduleServices(
                late,
                lane -> {
                    carried.add(lane.run());
                    rig.end(lane.run());
                },
                rig.orphanedLanes(),
                rig.events()));
        return worker;
    }

    /** Fires now, and then not before the next year. */
    private void fireOnce(Rig.Worker worker, Schedule.Misfire misfire) {
        var users = Rig.job("users", cron("0 0 0 1 1 ?", misfire));
        rig.define(users);
        worker.scheduling.schedules().apply(List.of(users));
        rig.fresh.run("UPDATE sluice.qrtz_triggers SET next_fire_time = extract(epoch FROM now()) * 1000"
                + " WHERE trigger_group = 'schedule'");
    }

    private static final Problem AWAY = new Problem(Problem.Kind.UNAVAILABLE, "database-unavailable", "It is away.");

    @Test
    void aStartThatTheDatabaseDoesNotTakeIsTriedUntilItDoes() {
        try (var worker = workerThatMisses(3, AWAY)) {
            fireOnce(worker, Schedule.Misfire.ONCE);
            await().until(() -> carried.size() == 1);
            assertThat(worker.meter("sluice_scheduler_jobs_failed_total{group=\"schedule\"}"))
                    .isEqualTo(3);
            await().until(() -> rig.fresh
                    .value("SELECT count(*) FROM sluice.qrtz_triggers WHERE trigger_group = 'start-again'")
                    .equals("0"));
            assertThat(rig.events).isEmpty();
            assertThat(triggers()).as("the regular starts go on").isEqualTo("users");
        }
    }

    @Test
    void oneThatWasTakenAllTheSameIsNoRefusal() {
        UUID live = rig.orphan("users", Duration.ZERO);
        try (var worker = workerThatMisses(1, AWAY)) {
            fireOnce(worker, Schedule.Misfire.ONCE);
            await().until(() -> worker.meter("sluice_scheduler_jobs_executed_total{group=\"schedule\"}") == 2);
            assertThat(rig.events).isEmpty();
            rig.end(live);
        }
    }

    @Test
    void whatIsRefusedOrToBeSkippedIsNotTriedAgain() {
        try (var worker = workerThatMisses(1, AWAY)) {
            fireOnce(worker, Schedule.Misfire.SKIP);
            await().until(() -> worker.meter("sluice_scheduler_jobs_failed_total{group=\"schedule\"}") == 1);
            assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_triggers WHERE trigger_group = 'start-again'"))
                    .isEqualTo("0");
        }
        try (var worker = workerThatMisses(1, new Problem(Problem.Kind.CONFLICT, "not-repeatable", "No."))) {
            fireOnce(worker, Schedule.Misfire.ONCE);
            await().until(() -> rig.events.size() == 1);
            assertThat(rig.fresh.value("SELECT count(*) FROM sluice.qrtz_triggers WHERE trigger_group = 'start-again'"))
                    .isEqualTo("0");
        }
        assertThat(carried).isEmpty();
    }
}
