package dev.sluice.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.problem.Problem;
import dev.sluice.testing.SkewedTime;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A worker's row: it comes with the first sign of life, and goes with the worker. */
class MembershipTest {
    private final Fleet fleet = new Fleet();

    @AfterEach
    void close() {
        fleet.close();
    }

    private String rows() {
        return fleet.fresh.value("SELECT coalesce(string_agg(name, ',' ORDER BY name), '') FROM sluice.worker");
    }

    @Test
    void aWorkerJoinsOnceShowsLifeAndLeavesAtOnceWithWhatItHolds() {
        var a = fleet.worker("a");
        a.holds(Fleet.job("j", "1"));
        fleet.fresh.run("UPDATE sluice.worker SET heartbeat_at = heartbeat_at - interval '5 s'");
        assertThat(a.membership.beat().joined()).isFalse();
        assertThat(fleet.fresh.value("SELECT clock_timestamp() - heartbeat_at < interval '2 s' FROM sluice.worker"))
                .isEqualTo("t");
        a.membership.leave();
        assertThat(rows()).isEmpty();
        assertThat(fleet.fresh.value("SELECT count(*) FROM sluice.definition")).isEqualTo("0");
        assertThat(a.membership.beat().joined()).as("after it left").isFalse();
        assertThat(rows()).isEmpty();
    }

    @Test
    void whoeverStopsWithoutTheDatabaseDoesNotWaitForIt() {
        var never = fleet.new One("never", Duration.ofSeconds(2), Fleet.TAKEOVER);
        var a = fleet.worker("a");
        fleet.control.close();
        assertThatThrownBy(a.membership::leave).as("it answered just now").isInstanceOf(Problem.class);
        never.membership.leave();
        assertThat(never.membership.beat().joined()).isFalse();
    }

    @Test
    void theRowOfADeadWorkerIsKeptForADayAndAWorkerThatWasCleanedUpJoinsAgain() {
        var a = fleet.worker("a");
        fleet.fresh.run("UPDATE sluice.worker SET heartbeat_at = heartbeat_at - interval '23 h'");
        fleet.worker("b");
        assertThat(rows()).isEqualTo("a,b");
        fleet.fresh.run("UPDATE sluice.worker SET heartbeat_at = heartbeat_at - interval '2 h' WHERE name = 'a'");
        fleet.worker("c");
        assertThat(rows()).isEqualTo("b,c");
        assertThat(a.membership.beat().joined()).isTrue();
        assertThat(rows()).isEqualTo("a,b,c");
    }

    @Test
    void liveWorkersOfOneNameAreTwinsAndACrashedPredecessorIsNone() {
        var predecessor = fleet.worker("a");
        var a = fleet.worker("a");
        assertThat(a.membership.beat().twins()).as("crashed and restarted").isEmpty();
        assertThat(predecessor.membership.beat().twins())
                .containsExactly(a.member.instance().toString());
        assertThat(a.membership.beat().twins())
                .containsExactly(predecessor.member.instance().toString());
        fleet.worker("b");
        predecessor.dies();
        assertThat(a.membership.beat().twins()).isEmpty();
    }

    @Test
    void oneWorkerIsTheEldestAndWhenItGoesTheNextOneIs() {
        var a = fleet.worker("a");
        var b = fleet.worker("b");
        assertThat(a.membership.beat().eldest()).isTrue();
        assertThat(b.membership.beat().eldest()).isFalse();
        a.dies();
        assertThat(b.membership.beat().eldest()).isTrue();
    }

    @Test
    void theClockIsReadAndWrittenDown() {
        var time = new SkewedTime(Duration.ofSeconds(-40));
        var member = Member.starting("a", "1", Duration.ofSeconds(2), Fleet.TAKEOVER);
        var membership = new Membership(fleet.control, member, time);
        assertThat(membership.beat().clock())
                .hasValueSatisfying(
                        c -> assertThat(c.offset()).isBetween(Duration.ofMillis(-40_900), Duration.ofMillis(-39_100)));
        assertThat(fleet.fresh.value("SELECT clock_offset_millis BETWEEN -40900 AND -39100 FROM sluice.worker"))
                .isEqualTo("t");
        time.set(Duration.ZERO);
        assertThat(membership.beat().clock())
                .hasValueSatisfying(c -> assertThat(c.isOff()).isFalse());
    }

    @Test
    void whoIsDeadIsSaidOnlyAfterSignsOfLifeWithoutAGap() {
        var steady = fleet.new One("steady", Duration.ofMinutes(1), Duration.ofMillis(300));
        steady.membership.beat();
        assertThat(steady.membership.maySayWhoIsDead()).isFalse();
        await().pollInterval(Duration.ofMillis(20)).until(() -> {
            steady.membership.beat();
            return steady.membership.maySayWhoIsDead();
        });
        fleet.control.close();
        assertThatThrownBy(steady.membership::beat)
                .isInstanceOfSatisfying(Problem.class, p -> assertThat(p.kind()).isEqualTo(Problem.Kind.UNAVAILABLE));
        assertThat(steady.membership.maySayWhoIsDead()).isFalse();
    }

    @Test
    void aMissedSignOfLifeBeginsAnew() {
        var late = fleet.new One("late", Duration.ofNanos(1), Duration.ofMillis(1));
        await().during(Duration.ofMillis(200))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    late.membership.beat();
                    return !late.membership.maySayWhoIsDead();
                });
    }
}
