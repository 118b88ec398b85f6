package dev.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.TestEngine;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How old a measurement is that limits a run, however long ago its worker said so. */
@Timeout(60)
@Tag("database")
class MeasuredAgeTest extends RunWishes {
    private UUID saidAMinuteAgo(String age) {
        UUID id = engine.queue(plus("")).id();
        engine.db()
                .run(
                        "UPDATE sluice.run SET state = 'running' WHERE id = '" + id + "'",
                        "UPDATE sluice.lane SET owner = 'dead', heartbeat_at = clock_timestamp() - interval '60 s',"
                                + " hold = '{\"reason\": \"replica-lag\", \"message\": \"far behind\", \"value\": 7, \"limit\": 5,"
                                + " \"since\": \"2026-01-01T00:00:00Z\", \"ageSeconds\": " + age
                                + "}' WHERE run_id = '" + id + "'");
        return id;
    }

    @Test
    void growsWhileTheWorkerSaysNothing() {
        UUID id = saidAMinuteAgo("0.3");
        RunStatus run = engine.runs().find(id).orElseThrow();
        assertThat(Objects.requireNonNull(run.limitedBy()).ageSeconds()).isBetween(60.3, 120.0);
        assertThat(Objects.requireNonNull(run.lanes().getFirst().limitedBy()).ageSeconds())
                .isBetween(60.3, 120.0);
        assertThat(Objects.requireNonNull(run.limitedBy()).value()).isEqualTo(7.0);
        engine.runs().cancel(id, TestEngine.TESTER);
    }

    @Test
    void isNoneWhereNothingWasMeasured() {
        UUID id = saidAMinuteAgo("null");
        RunStatus run = engine.runs().find(id).orElseThrow();
        assertThat(Objects.requireNonNull(run.limitedBy()).ageSeconds()).isNull();
        engine.runs().cancel(id, TestEngine.TESTER);
    }
}
