package dev.sluice.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.run.RunStatus;
import dev.sluice.testing.Alone;
import dev.sluice.testing.Primary;
import dev.sluice.testing.TestEngine;
import dev.sluice.time.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.DoublePredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Load that comes and goes at once: the pace follows within ten seconds each way. */
@Alone
class SquareWaveIT {
    /** Until the run is at full speed, before anything is promised. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration PROMISED = Duration.ofSeconds(10);

    /** Sessions at work on each core: four times what the job allows. */
    private static final int PER_CORE = 8;

    private final Time time = Time.system();

    @TempDir
    private Path folder;

    @Test
    @Timeout(180)
    void aBurstOfLoadSlowsTheRunWithinTenSecondsAndGoesWithinTen() throws Exception {
        try (Primary primary = Primary.start(folder, Map.of());
                TestEngine engine = ThrottledRunsIT.engine(primary, 400_000)) {
            ThrottledRunsIT.dear(engine, 0.001);
            UUID id = engine.queue(
                            TestEngine.job(
                                    "job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                                            + " batch: { size: 20, target: 20ms }, throttle: { cores: off, active-sessions: 2, commit-latency: off } }"))
                    .id();
            var end = engine.carryAside(id);
            for (int wave = 0; wave < 2; wave++) {
                awaitPace(engine, id, PATIENCE, "full speed", p -> p == 1.0);
                try (Burden burden =
                        Burden.of(engine.db(), PER_CORE * Runtime.getRuntime().availableProcessors())) {
                    awaitPace(engine, id, PROMISED, "slowed by the load", p -> p <= 0.25);
                    RunStatus.Limit limit = ThrottledRunsIT.awaitReason(engine, id, "active-sessions");
                    assertThat(limit.message()).contains("active-sessions", ">= 2");
                }
                awaitPace(engine, id, PROMISED, "at speed without it", p -> p >= 0.75);
            }
            engine.runs().cancel(id, TestEngine.TESTER);
            ThrottledRunsIT.assertCancelled(engine, id, end);
        }
    }

    /** As little as keeps every core busy, beside a job file that says nothing. */
    @Test
    @Timeout(180)
    void atDefaultSettingsAnApplicationThatComesAndGoesIsFollowedToo() throws Exception {
        try (Primary primary = Primary.start(folder, Map.of());
                TestEngine engine = ThrottledRunsIT.engine(primary, 400_000)) {
            ThrottledRunsIT.dear(engine, 0.001);
            UUID id = engine.queue(TestEngine.job("job: j\nmigrate: { table: t, set: { b: a }, where: b IS NULL,"
                            + " batch: { size: 20, target: 20ms } }"))
                    .id();
            var end = engine.carryAside(id);
            int cores = Runtime.getRuntime().availableProcessors();
            for (int wave = 0; wave < 2; wave++) {
                awaitPace(engine, id, PATIENCE, "full speed", p -> p == 1.0);
                try (Burden burden = Burden.of(engine.db(), cores)) {
                    awaitPace(
                            engine,
                            id,
                            PROMISED,
                            "within the budget",
                            p -> p <= ThrottledRunsIT.defaultPace(cores) + 1e-9);
                }
                awaitPace(engine, id, PROMISED, "at speed without it", p -> p >= 0.75);
            }
            engine.runs().cancel(id, TestEngine.TESTER);
            ThrottledRunsIT.assertCancelled(engine, id, end);
        }
    }

    /** Where it fails, it tells how the pace went and what was said of it. */
    private void awaitPace(TestEngine engine, UUID id, Duration within, String what, DoublePredicate enough) {
        StringBuilder seen = new StringBuilder(what);
        long begin = time.nanos();
        await().atMost(within).pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            RunStatus now = engine.runs().find(id).orElseThrow();
            double pace = ThrottledRunsIT.pace(now);
            seen.append(String.format(
                    Locale.ROOT, "%n%.1f s: %.2f, %s", (time.nanos() - begin) / 1e9, pace, now.limitedBy()));
            assertThat(enough.test(pace)).as(seen::toString).isTrue();
        });
        System.out.println("SquareWaveIT: " + what + " after " + Duration.ofNanos(time.nanos() - begin));
    }
}
