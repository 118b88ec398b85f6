package dev.sluice.batch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.checkpoint.Claim;
import dev.sluice.checkpoint.Claims;
import dev.sluice.checkpoint.PartitionId;
import dev.sluice.checkpoint.Wanted;
import dev.sluice.table.TableFacts;
import dev.sluice.testing.TestTarget;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.junit.jupiter.api.Test;

/** A partition is split while it is walked: under its lock, with a fresh token, and with totals that stay right. */
class SplitTest {
    private static final TestTarget target = TestTarget.create(Duration.ofSeconds(60));
    private static int tables;

    private final Sessions sessions = new Sessions(target.db());

    @AfterContainer
    static void stop() {
        target.close();
    }

    /** A table of so many rows, and a run that has begun on it. */
    private static final class Begun {
        final String table = "s" + ++tables;
        final TableFacts facts;
        final UUID run;
        final Batches batches;

        Begun(int rows) {
            target.db()
                    .run(
                            "CREATE TABLE " + table + " (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)",
                            "INSERT INTO " + table + " SELECT generate_series(1, " + rows + ")");
            facts = target.facts(table);
            run = target.begun(facts);
            batches = target.batches(facts);
        }

        Claims lane(int lane) {
            return TestTarget.assumed(new Claims(target.database(), run, lane, "worker" + lane));
        }

        Claim first() {
            return lane(0).claim(new PartitionId(run, 0, 0)).orElseThrow();
        }

        String value(String sql) {
            return target.db().value(sql.replace("$t", table));
        }
    }

    private static Outcome.Committed committed(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Committed.class);
        return (Outcome.Committed) outcome;
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    void theRestBehindAKeyGoesToAnotherLane() throws Exception {
        var b = new Begun(1000);
        Claim victim = b.first();
        victim = victim.at(committed(b.batches.commit(victim, 100)).position());

        Claim rest = b.lane(1).split(victim.id(), b.facts, List.of("600")).orElseThrow();

        assertThat(rest.position().cursor()).containsExactly("600");
        assertThat(rest.upper()).containsExactly("1000");
        assertThat(b.lane(2).takeUnstarted(rest.id()))
                .as("nobody takes it for unbegun")
                .isEmpty();
        assertThat(b.batches.commit(victim, 100)).as("its token is gone").isInstanceOf(Outcome.Refused.class);
        var now = b.lane(0).read(victim.id()).orElseThrow();
        assertThat(now.owner()).as("and it is still its carrier's").isEqualTo("worker0");
        assertThat(now.claim().upper()).containsExactly("600");
        assertThat(now.claim().position()).isEqualTo(victim.position());
        var left = committed(b.batches.commit(now.claim(), 5000));
        assertThat(left.scanned()).isEqualTo(500);
        assertThat(left.last()).isTrue();
        var taken = committed(b.batches.commit(rest, 5000));
        assertThat(taken.scanned()).isEqualTo(400);
        assertThat(b.value("SELECT count(*) FROM $t WHERE n = 1")).isEqualTo("1000");
        assertThat(target.checkpoints().counts(b.run, 0).scanned()).isEqualTo(1000);
        assertThat(target.checkpoints().counts(b.run, 0).partitions()).isEqualTo(2);
    }

    @Test
    void whereNothingIsLeftOnOneSideNothingIsSplit() throws Exception {
        var b = new Begun(1000);
        Claim victim = b.first();
        victim = victim.at(committed(b.batches.commit(victim, 500)).position());
        for (String at : List.of("1", "500", "1000", "2000")) {
            assertThat(b.lane(1).split(victim.id(), b.facts, List.of(at)))
                    .as(at)
                    .isEmpty();
        }
        assertThat(b.lane(1).split(new PartitionId(b.run, 0, 7), b.facts, List.of("700")))
                .as("no such partition")
                .isEmpty();
        target.mandate().want(b.run, Wanted.PAUSED);
        assertThat(b.lane(1).split(victim.id(), b.facts, List.of("700")))
                .as("paused")
                .isEmpty();
        target.mandate().want(b.run, Wanted.RUNNING);
        var end = committed(b.batches.commit(victim, 5000));
        assertThat(end.last()).isTrue();
        assertThat(b.lane(1).split(victim.id(), b.facts, List.of("700")))
                .as("done")
                .isEmpty();
        assertThat(b.value("SELECT count(*) FROM sluice.checkpoint WHERE run_id = '" + b.run + "'"))
                .isEqualTo("1");
    }

    @Test
    void aSplitWaitsForTheBatchInFlightAndSeesWhatItCommitted() throws Exception {
        var b = new Begun(1000);
        Claim victim = b.first();
        try (var application = sessions.hold("SELECT FROM " + b.table + " WHERE id = 10 FOR UPDATE")) {
            var batch = sessions.startAndAwaitWaiting(1, () -> b.batches.commit(victim, 300));
            var split = sessions.startAndAwaitWaiting(2, () -> b.lane(1).split(victim.id(), b.facts, List.of("200")));
            application.release();
            assertThat(committed(get(batch)).position().cursor()).containsExactly("300");
            assertThat(get(split)).as("the batch has come past that key").isEmpty();
        }
        assertThat(committed(b.batches.commit(victim.at(dev.sluice.checkpoint.Position.after(List.of("300"))), 5000))
                        .scanned())
                .isEqualTo(700);
    }

    @Test
    void aBatchThatWaitedForASplitIsRefusedAndNeverPassesTheNewBound() throws Exception {
        var b = new Begun(1000);
        Claim victim = b.first();
        try (var inFlight = sessions.stopAfter("UPDATE ON sluice.checkpoint", "OLD.token <> NEW.token")) {
            var split = sessions.startAndAwaitWaiting(1, () -> b.lane(1).split(victim.id(), b.facts, List.of("400")));
            var batch = sessions.startAndAwaitWaiting(2, () -> b.batches.commit(victim, 601));
            inFlight.release();
            assertThat(get(batch)).isInstanceOf(Outcome.Refused.class);
            assertThat(get(split)).isPresent();
        }
        assertThat(b.value("SELECT count(*) FROM $t WHERE n = 1")).isEqualTo("0");
    }

    @Test
    void aPauseHoldsTheNewPartitionToo() throws Exception {
        var b = new Begun(1000);
        Claim rest = b.lane(1).split(b.first().id(), b.facts, List.of("400")).orElseThrow();
        target.mandate().want(b.run, Wanted.PAUSED);
        assertThat(b.batches.commit(rest, 100)).isInstanceOf(Outcome.Refused.class);
        target.mandate().want(b.run, Wanted.RUNNING);
        committed(b.batches.commit(rest, 100));
        target.mandate().want(b.run, Wanted.STOPPED);
        assertThat(b.batches.commit(rest.at(dev.sluice.checkpoint.Position.after(List.of("500"))), 100))
                .isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void whoTakesALaneOverFencesTheOneWhoHadIt() throws Exception {
        var b = new Begun(1000);
        Claims frozen = TestTarget.assumed(new Claims(target.database(), b.run, 0, "frozen#1"));
        Claim claim = frozen.claim(new PartitionId(b.run, 0, 0)).orElseThrow();
        Claims second = TestTarget.assumed(new Claims(target.database(), b.run, 0, "second#2"));
        second.takeOver(0);
        assertThat(b.batches.commit(claim, 100)).isInstanceOf(Outcome.Refused.class);
        assertThat(frozen.claim(claim.id())).as("nor does it claim it again").isEmpty();
        assertThat(second.claim(claim.id())).isPresent();
    }

    /** One that had no partition when it was frozen, so that there was no token to change. */
    @Test
    void whoLostAnIdleLaneTakesNothingMoreOfOthers() throws Exception {
        var b = new Begun(1000);
        Claims frozen = TestTarget.assumed(new Claims(target.database(), b.run, 1, "frozen#1"));
        Claims second = TestTarget.assumed(new Claims(target.database(), b.run, 1, "second#2"));
        PartitionId id = new PartitionId(b.run, 0, 0);
        String before = checkpoints(b);
        assertThat(frozen.isOwner()).isFalse();
        assertThat(frozen.takeUnstarted(id)).isEmpty();
        frozen.adopt(0, 0);
        assertThat(checkpoints(b)).isEqualTo(before);
        Claim claim = b.first();
        assertThat(frozen.split(claim.id(), b.facts, List.of("400"))).isEmpty();
        committed(b.batches.commit(claim, 100));

        Claim rest = second.split(claim.id(), b.facts, List.of("400")).orElseThrow();
        frozen.takeOver(0);
        committed(b.batches.commit(rest, 100));
    }

    private static String checkpoints(Begun b) {
        return b.value("SELECT string_agg(c::text, ' ') FROM sluice.checkpoint c WHERE run_id = '" + b.run + "'");
    }

    /** Who waits for the checkpoint already has the lane until it has what it waits for. */
    @Test
    void whoAssumesALaneWaitsForAClaimThatIsOnItsWay() throws Exception {
        var b = new Begun(1000);
        Claims before = TestTarget.assumed(new Claims(target.database(), b.run, 1, "before#1"));
        PartitionId id = new PartitionId(b.run, 0, 0);
        try (var sessions = new Sessions(target.db());
                var batch = sessions.hold("SELECT FROM sluice.checkpoint WHERE run_id = '" + b.run + "' FOR UPDATE")) {
            var taken = sessions.startAndAwaitWaiting(1, () -> before.takeUnstarted(id));
            Claims second = new Claims(target.database(), b.run, 1, "second#2");
            var assumed = sessions.startAndAwaitWaiting(2, () -> TestTarget.assumed(second));
            batch.release();
            Claim old = Sessions.get(taken).orElseThrow();
            Sessions.get(assumed).takeOver(0);
            assertThat(b.batches.commit(old, 100)).isInstanceOf(Outcome.Refused.class);
        }
    }

    @Test
    void aPartitionNobodyHasBegunIsTakenOnceOnly() throws Exception {
        var b = new Begun(1000);
        PartitionId id = new PartitionId(b.run, 0, 0);
        assertThat(b.lane(1).takeUnstarted(id)).isPresent();
        assertThat(b.lane(2).takeUnstarted(id)).as("begun").isEmpty();
        assertThat(b.lane(0).claim(id)).as("another lane's now").isEmpty();
    }

    /** Three lanes commit, split, take and lose their partitions in any order: every row is changed once. */
    @Property(tries = 40, shrinking = ShrinkingMode.OFF)
    void everyRowIsChangedOnceHoweverPartitionsAreSplit(
            @ForAll @IntRange(min = 1, max = 400) int rows, @ForAll long seed) throws SQLException {
        var b = new Begun(rows);
        var random = new Random(seed);
        Map<Integer, Claim> hands = new HashMap<>();
        b.lane(0).claim(new PartitionId(b.run, 0, 0)).ifPresent(c -> hands.put(0, c));
        while (!target.open(b.run).isEmpty()) {
            int lane = random.nextInt(3);
            Claim claim = hands.get(lane);
            if (claim == null) {
                List<PartitionId> open = new ArrayList<>(target.open(b.run));
                PartitionId from = open.get(random.nextInt(open.size()));
                String at = Integer.toString(random.nextInt(rows + 2));
                Optional<Claim> rest = b.lane(lane).split(from, b.facts, List.of(at));
                rest.or(() -> open.stream()
                                .flatMap(id -> b.lane(lane).claim(id).stream())
                                .findFirst())
                        .ifPresent(c -> hands.put(lane, c));
                continue;
            }
            switch (b.batches.commit(claim, 1 + random.nextInt(60))) {
                case Outcome.Committed c -> {
                    if (c.last()) {
                        hands.remove(lane);
                    } else {
                        hands.put(lane, claim.at(c.position()));
                    }
                }
                case Outcome.Refused ignored -> {
                    var now = b.lane(lane).read(claim.id()).orElseThrow();
                    if (now.done() || now.lane() != lane) {
                        hands.remove(lane);
                    } else {
                        hands.put(lane, now.claim());
                    }
                }
            }
        }
        assertThat(b.value("SELECT count(*) FROM $t WHERE n = 1")).isEqualTo("" + rows);
        assertThat(target.checkpoints().counts(b.run, 0).scanned()).isEqualTo(rows);
        target.db().run("DROP TABLE " + b.table);
    }
}
