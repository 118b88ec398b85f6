package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.run.LaneTable.Company;
import dev.sluice.testing.TestEngine;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who shares a limit: lanes that work, and not those that are dead, or have nothing left to do but wait for others. */
@Timeout(60)
class LaneCompanyTest extends RunWishes {
    private static final Duration SILENCE = Duration.ofSeconds(10);

    private static void lane(UUID run, int number, String heartbeat, String hold) {
        engine.db()
                .run("INSERT INTO sluice.lane (run_id, lane, owner, wanted_at, heartbeat_at, hold) VALUES ('" + run
                        + "', " + number + ", 'w', now(), clock_timestamp() - interval '" + heartbeat + "', " + hold
                        + ") ON CONFLICT (run_id, lane) DO UPDATE SET owner = 'w', heartbeat_at = EXCLUDED.heartbeat_at,"
                        + " hold = EXCLUDED.hold");
    }

    @Test
    void aLaneThatWaitsForOthersLeavesThemItsShareUntilItWorksAgain() {
        UUID run = engine.queue(plus("")).id();
        lane(run, 0, "1 s", "'{\"reason\": \"other-lanes\", \"message\": \"waiting\"}'");
        lane(run, 1, "1 s", "'{\"reason\": \"replica-lag\", \"message\": \"far behind\"}'");
        lane(run, 2, "1 s", "NULL");
        lane(run, 3, "60 s", "NULL");
        LaneTable lanes = new LaneTable(engine.databases().control());
        assertThat(lanes.alive(run, SILENCE)).isEqualTo(new Company(2, 2));
        lanes.works(new LaneId(run, 0));
        assertThat(lanes.alive(run, SILENCE)).isEqualTo(new Company(3, 3));
        engine.runs().cancel(run, TestEngine.TESTER);
    }
}
