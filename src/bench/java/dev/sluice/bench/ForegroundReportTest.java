package dev.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ForegroundReportTest {
    private static final Latencies ALONE = new Latencies(1, 10, 20, 1000);

    private static String report(Latencies beside, double defaults, double unthrottled) {
        var pairs =
                Collections.nCopies(15, new Compared(ALONE, beside, defaults, "active-sessions: at 14% pace", 0.05));
        var free = new Compared(ALONE, new Latencies(3, 30, 60, 1000), unthrottled, "", 0.3);
        var noise = new Compared(ALONE, new Latencies(1.02, 10.4, 21, 1000), Double.NaN, "", 0.01);
        return new ForegroundReport(
                        Map.of(Scenario.OWN_TABLES, new Load(List.of(), 2000, 800)),
                        Map.of(
                                Scenario.OWN_TABLES,
                                Map.of(
                                        Foreground.GUARDED, pairs,
                                        Foreground.UNTHROTTLED, List.of(free),
                                        Foreground.NOTHING, List.of(noise))),
                        "")
                .text("a server", 1000, new Stage.Cadence(Duration.ofSeconds(2), Duration.ofSeconds(8)));
    }

    @Test
    void whatIsKeptPassesUpToTheBound() {
        assertThat(report(new Latencies(1.1, 14, 32, 1000), 500, 1000))
                .contains(
                        "800 of 2,000 transactions/s",
                        "held back at the ends of its phases by: active-sessions 15",
                        "| nothing | 15 | 1.00 |  | 10.00 |  | 20.00 |  | | |",
                        "| Sluice, default settings | 15 | 1.10 | 1.10 | 14.00 | 1.40 | 32.00 | 1.60 | 500 | 0.05 |",
                        "| Sluice, `throttle: off` | 1 | 3.00 | 3.00 | 30.00 | 3.00 | 60.00 | 3.00 | 1,000 | 0.30 |",
                        "| p50 by alone | own | <= 1.10 | 1.10 | 1.10 | PASS |",
                        "| p95 by alone | own | <= 1.40 | 1.40 | 1.40 | PASS |",
                        "| p99 by alone | own | <= 1.60 | 1.60 | 1.60 | PASS |",
                        "| rows/s by `throttle: off` | own | >= 0.50 |  | 0.50 | PASS |",
                        "| nothing, next to nothing (noise) | 1 | 1.02 | 1.02 | 10.40 | 1.04 | 21.00 | 1.05 |  | 0.01 |",
                        "| p99 of nothing next to nothing | own | | 1.05 | 1.05 | noise |")
                .doesNotContain("SHORT");
    }

    @Test
    void whatIsMissedIsShort() {
        assertThat(report(new Latencies(1.12, 14.2, 32.4, 1000), 490, 1000))
                .contains(
                        "| p50 by alone | own | <= 1.10 | 1.12 | 1.12 | **SHORT** |",
                        "| p95 by alone | own | <= 1.40 | 1.42 | 1.42 | **SHORT** |",
                        "| p99 by alone | own | <= 1.60 | 1.62 | 1.62 | **SHORT** |",
                        "| rows/s by `throttle: off` | own | >= 0.50 |  | 0.49 | **SHORT** |")
                .doesNotContain("PASS");
    }

    @Test
    void whatWasNotMeasuredIsNeither() {
        String report = new ForegroundReport(Map.of(), Map.of(Scenario.SAME_TABLE, Map.of()), "1%")
                .text("a server", 1000, new Stage.Cadence(Duration.ofSeconds(2), Duration.ofSeconds(8)));
        assertThat(report)
                .contains("| p99 by alone | same | <= 1.60 |  |  | not measured |", "| Sluice, `cores: 1%` | 0 |")
                .doesNotContain("PASS", "SHORT");
    }
}
