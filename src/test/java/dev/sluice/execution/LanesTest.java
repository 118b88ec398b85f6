package dev.sluice.execution;

import static dev.sluice.testing.TestEngine.known;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.LaneId;
import dev.sluice.run.RunStatus;
import dev.sluice.testing.HookedTime;
import dev.sluice.testing.TestEngine;
import dev.sluice.testing.TestPostgres;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several lanes of one run, each carried by a thread of its own, which stands for a worker. */
@Timeout(60)
class LanesTest {
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final HookedTime TIME = new HookedTime();
    private static final TestPostgres.Fresh DATABASE = TestPostgres.create();
    private static TestEngine engine;
    private String t = "";

    @BeforeAll
    static void start() {
        engine = TestEngine.on(DATABASE, TIME);
    }

    @AfterAll
    static void stop() {
        engine.close();
    }

    @BeforeEach
    void table() {
        TIME.free();
        t = "l" + COUNT.incrementAndGet();
        DATABASE.run(
                "CREATE TABLE " + t + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                "INSERT INTO " + t + " SELECT generate_series(1, 20000)",
                "ANALYZE " + t);
    }

    private UUID queue(int partitions, String more) {
        return engine.queue(TestEngine.job("job: " + t + "\nmigrate: { table: " + t
                        + ", set: { n: n + 1 }, partitions: " + partitions + more + " }"))
                .id();
    }

    private void everyRowOnce() {
        assertThat(DATABASE.value("SELECT count(*) || ' ' || min(n) || ' ' || max(n) FROM " + t))
                .isEqualTo("20000 1 1");
    }

    private long done() {
        return Long.parseLong(DATABASE.value("SELECT count(*) FROM " + t + " WHERE n = 1"));
    }

    private List<LaneId> offered(UUID run) {
        return engine.offered().stream().filter(l -> l.run().equals(run)).toList();
    }

    private String partitions(UUID run, String what) {
        return DATABASE.value("SELECT " + what + " FROM sluice.checkpoint WHERE pass = 0 AND run_id = '" + run + "'");
    }

    @Test
    void aRunIsCutIntoPartitionsAndItsFurtherLanesAreOffered() throws Exception {
        UUID id = queue(4, "");
        RunStatus end = engine.execute(id);
        assertThat(end.state()).isEqualTo("succeeded");
        assertThat(offered(id)).containsExactly(new LaneId(id, 1), new LaneId(id, 2), new LaneId(id, 3));
        assertThat(partitions(id, "count(*)")).isEqualTo("4");
        assertThat(partitions(id, "max(scanned) < 1.1 * avg(scanned)")).isEqualTo("t");
        assertThat(partitions(id, "count(DISTINCT lane)"))
                .as("nobody else had room, so the conductor walked all of them")
                .isEqualTo("1");
        assertThat(end.progress().changed()).isEqualTo(20000);
        everyRowOnce();
    }

    @Test
    void lanesWalkSideBySideAndShareTheRate() throws Exception {
        UUID id = queue(3, ", throttle: { rows-per-second: 3000 }");
        var gate = TIME.gateAt(4);
        var conductor = engine.carryAside(id);
        gate.reached();
        var one = engine.carryAside(new LaneId(id, 1));
        var two = engine.carryAside(new LaneId(id, 2));
        engine.awaitBeat(id);
        RunStatus live = engine.runs().find(id).orElseThrow();
        assertThat(live.lanes()).extracting(RunStatus.Lane::lane).contains(0);
        assertThat(live.progress().partitions()).isGreaterThanOrEqualTo(3);
        gate.open();
        assertThat(conductor.get(30, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        one.get(20, TimeUnit.SECONDS);
        two.get(20, TimeUnit.SECONDS);
        everyRowOnce();
        assertThat(engine.runs().find(id).orElseThrow().lanes()).isEmpty();
        assertThat(DATABASE.value("SELECT count(*) FROM sluice.lane WHERE run_id = '" + id + "'"))
                .as("side lanes go with their work")
                .isEqualTo("1");
    }

    @Test
    void aFreedLaneTakesHalfOfTheLargestPartitionLeft() throws Exception {
        UUID id = queue(1, ", throttle: { rows-per-second: 1000 }");
        var gate = TIME.gateAt(3);
        var conductor = engine.carryAside(id);
        gate.reached();
        long before = done();
        // as a run whose second lane found its own partition done
        DATABASE.run("INSERT INTO sluice.lane (run_id, lane, wanted_at) VALUES ('" + id + "', 1, clock_timestamp())");
        var held = TIME.gateAt(1);
        var side = engine.carryAside(new LaneId(id, 1));
        held.reached(); // after its first batch
        assertThat(partitions(id, "count(*)")).isEqualTo("2");
        long mine = Long.parseLong(partitions(
                id,
                "upper_key[1]::bigint - lower_key[1]::bigint"
                        + " FROM (SELECT * FROM sluice.checkpoint WHERE partition = 1) c WHERE run_id = '" + id
                        + "' --"));
        assertThat(mine).isBetween((20000 - before) / 3, (20000 - before) * 2 / 3);
        TIME.free();
        held.open();
        gate.open();
        assertThat(conductor.get(30, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        side.get(20, TimeUnit.SECONDS);
        everyRowOnce();
        assertThat(partitions(id, "sum(scanned)")).isEqualTo("20000");
        assertThat(known(engine.runs().find(id).orElseThrow().progress().ratio()))
                .isEqualTo(1);
    }

    @Test
    void aLaneThatWasTakenFromAFrozenCarrierIsNotClaimedByItAgain() throws Exception {
        UUID id = queue(2, ", throttle: { rows-per-second: 2000 }");
        var gate = TIME.gateAt(2);
        var conductor = engine.carryAside(id);
        gate.reached();
        LaneId lane = new LaneId(id, 1);
        var frozen = TIME.gateAt(2);
        var side = engine.carryAside(lane);
        frozen.reached();
        HookedTime otherTime = new HookedTime();
        try (TestEngine other = TestEngine.on(DATABASE, otherTime)) {
            var second = otherTime.gateAt(2);
            var taken = other.carryAside(lane);
            second.reached();
            String owner = partitions(id, "max(owner) FILTER (WHERE lane = 1)");
            TIME.free();
            long after = done();
            frozen.open();
            side.get(20, TimeUnit.SECONDS);
            assertThat(done()).as("the frozen one changed nothing more").isEqualTo(after);
            assertThat(partitions(id, "max(owner) FILTER (WHERE lane = 1)")).isEqualTo(owner);
            second.open();
            gate.open();
            assertThat(conductor.get(30, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
            taken.get(20, TimeUnit.SECONDS);
        }
        everyRowOnce();
    }

    @Test
    void aPauseHoldsEveryLaneAndAResumeBringsThemBack() throws Exception {
        UUID id = queue(2, ", throttle: { rows-per-second: 2000 }");
        var gate = TIME.gateAt(2);
        var conductor = engine.carryAside(id);
        gate.reached();
        LaneId lane = new LaneId(id, 1);
        var held = TIME.gateAt(2);
        var side = engine.carryAside(lane);
        held.reached();
        engine.runs().pause(id, TestEngine.TESTER);
        long done = done();
        TIME.free();
        gate.open();
        held.open();
        assertThat(conductor.get(20, TimeUnit.SECONDS).state()).isEqualTo("paused");
        side.get(20, TimeUnit.SECONDS);
        assertThat(done()).isEqualTo(done);
        int offers = offered(id).size();
        engine.runs().resume(id, TestEngine.TESTER);
        assertThat(engine.execute(id).state()).isEqualTo("succeeded");
        assertThat(offered(id)).as("the side lane is offered again").hasSizeGreaterThan(offers);
        everyRowOnce();
    }

    @Test
    void whatALaneLeftIsWalkedByTheConductorWhereNobodyHasRoom() throws Exception {
        UUID id = queue(2, ", batch: { size: 2000 }, throttle: { rows-per-second: 2000 }");
        var gate = TIME.gateAt(1);
        var conductor = engine.carryAside(id);
        gate.reached();
        LaneId lane = new LaneId(id, 1);
        var held = TIME.gateAt(1);
        var side = engine.carryAside(lane);
        held.reached();
        Thread worker = known(TIME.waiting());
        TIME.free();
        worker.interrupt(); // that worker stops, and gives the lane back
        assertThat(side).failsWithin(Duration.ofSeconds(20));
        assertThat(DATABASE.value("SELECT owner IS NULL FROM sluice.lane WHERE lane = 1 AND run_id = '" + id + "'"))
                .isEqualTo("t");
        assertThat(partitions(id, "count(*) FILTER (WHERE lane = 1 AND batches > 0 AND NOT done)"))
                .isEqualTo("1");
        int offers = offered(id).size();
        gate.open();
        assertThat(conductor.get(30, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        assertThat(offered(id)).as("it is offered again all the same").hasSizeGreaterThan(offers);
        everyRowOnce();
    }

    /** Both side lanes are left in mid-walk, and the conductor, which is done with its own, takes what they had. */
    @Test
    void whatTheConductorTookFromSeveralLanesIsWalkedByThemWhereSomebodyHasRoom() throws Exception {
        UUID id = queue(3, ", batch: { size: 500 }, throttle: { rows-per-second: 2000 }");
        var gate = TIME.gateAt(1);
        var conductor = engine.carryAside(id);
        gate.reached();
        for (int number : List.of(1, 2)) {
            var held = TIME.gateAt(1);
            var side = engine.carryAside(new LaneId(id, number));
            held.reached();
            Thread worker = known(TIME.waiting());
            TIME.free();
            worker.interrupt(); // that worker stops, and gives the lane back
            assertThat(side).failsWithin(Duration.ofSeconds(20));
        }
        var taken = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        TIME.atWaits(nth -> {
            if (taken.getCount() > 0
                    && partitions(id, "count(*) FILTER (WHERE lane = 0 AND batches > 0 AND NOT done)")
                            .equals("2")) {
                taken.countDown();
                goOn.await(30, TimeUnit.SECONDS);
            }
        });
        gate.open();
        assertThat(taken.await(30, TimeUnit.SECONDS)).isTrue();
        String before = partitions(id, "count(*)");
        var held = TIME.gateAt(1);
        var side = engine.carryAside(new LaneId(id, 1));
        held.reached();
        assertThat(partitions(id, "count(*) FILTER (WHERE lane = 1 AND NOT done)"))
                .as("taken as it stands")
                .isEqualTo("1");
        assertThat(partitions(id, "count(*)")).as("and not cut").isEqualTo(before);
        TIME.free();
        held.open();
        goOn.countDown();
        assertThat(conductor.get(30, TimeUnit.SECONDS).state()).isEqualTo("succeeded");
        side.get(20, TimeUnit.SECONDS);
        everyRowOnce();
    }

    @Test
    void anErrorOnASideLaneEndsTheRun() throws Exception {
        DATABASE.run("UPDATE " + t + " SET n = 2147483647 WHERE id = 15000");
        UUID id = queue(2, ", throttle: { rows-per-second: 2000 }");
        var gate = TIME.gateAt(1);
        var conductor = engine.carryAside(id);
        gate.reached();
        TIME.free();
        RunStatus failed = engine.carryAside(new LaneId(id, 1)).get(20, TimeUnit.SECONDS);
        assertThat(failed.state()).isEqualTo("failed");
        assertThat(known(failed.failure()).code()).isEqualTo("data-error");
        long done = done();
        gate.open();
        assertThat(conductor.get(20, TimeUnit.SECONDS).state()).isEqualTo("failed");
        assertThat(done()).as("the other lane changes nothing after it").isEqualTo(done);
    }
}
