package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a conductor that waits for 63 other lanes asks, five times a second. */
@Timeout(60)
class LaneWithdrawTest extends RunWishes {
    private static final Duration SILENCE = Duration.ofSeconds(10);
    private static final List<Integer> OTHERS = IntStream.range(1, 64).boxed().toList();

    @Test
    void lanesThatOthersCarryCostOneLookAndTheRestIsTaken() {
        UUID run = engine.queue(plus("")).id();
        engine.db()
                .run(
                        "CREATE SEQUENCE deletes",
                        "CREATE FUNCTION count_delete() RETURNS trigger LANGUAGE plpgsql AS"
                                + " $$ BEGIN PERFORM nextval('public.deletes'); RETURN NULL; END $$",
                        "CREATE TRIGGER count_delete BEFORE DELETE ON sluice.lane FOR EACH STATEMENT"
                                + " EXECUTE FUNCTION count_delete()",
                        "INSERT INTO sluice.lane (run_id, lane, owner, wanted_at, heartbeat_at) SELECT '" + run
                                + "', n, 'w', now(), clock_timestamp() FROM generate_series(1, 63) n");
        LaneTable lanes = new LaneTable(engine.databases().control());
        assertThat(lanes.withdraw(run, OTHERS, SILENCE)).isEmpty();
        assertThat(deletes()).as("statements that delete nothing").isZero();

        engine.db()
                .run(
                        "UPDATE sluice.lane SET owner = NULL, heartbeat_at = NULL WHERE lane = 7",
                        "UPDATE sluice.lane SET heartbeat_at = clock_timestamp() - interval '60 s' WHERE lane = 9",
                        "DELETE FROM sluice.lane WHERE lane = 11");
        long before = deletes();
        assertThat(lanes.withdraw(run, OTHERS, SILENCE)).containsExactly(7, 9, 11);
        assertThat(deletes() - before).isEqualTo(2);
        assertThat(lanes.withdraw(run, OTHERS, SILENCE)).containsExactly(7, 9, 11);
        assertThat(lanes.of(List.of(run)).get(run)).hasSize(61);
    }

    private long deletes() {
        return Long.parseLong(engine.db().value("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM deletes"));
    }
}
