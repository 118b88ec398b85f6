package dev.sluice.bench;

import static dev.sluice.bench.Bound.number;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The tables of a foreground run, in Markdown. */
final class ForegroundReport {
    private static final int RESAMPLES = 10_000;
    private static final long SEED = 4;

    private final String guarded;
    private final Map<Scenario, Load> loads;
    private final Map<Scenario, Map<String, List<Compared>>> measured;

    /** A figure of the application, and how many times that of alone it may be beside Sluice's defaults. */
    private record Promise(String text, ToDoubleFunction<Latencies> figure, double most) {}

    private static final List<Promise> PROMISES = List.of(
            new Promise("p50", Latencies::p50, 1.1),
            new Promise("p95", Latencies::p95, 1.4),
            new Promise("p99", Latencies::p99, 1.6));

    /**
     * @param loads by the scenario
     * @param measured by the scenario and the neighbour
     * @param cores the budget that was asked for; empty for the default
     */
    ForegroundReport(Map<Scenario, Load> loads, Map<Scenario, Map<String, List<Compared>>> measured, String cores) {
        this.guarded = cores.isEmpty() ? "default settings" : "`cores: " + cores + "`";
        this.loads = loads;
        this.measured = measured;
    }

    private Map<String, String> titles() {
        Map<String, String> titles = new LinkedHashMap<>();
        titles.put(Foreground.NOTHING, "nothing, next to nothing (noise)");
        titles.put(Foreground.GUARDED, "Sluice, " + guarded);
        titles.put(Foreground.UNTHROTTLED, "Sluice, `throttle: off`");
        titles.put(Foreground.LOOP, "plpgsql loop of 1,000");
        titles.put(Foreground.SINGLE, "one single UPDATE");
        return titles;
    }

    /** One pair, on a line. */
    static String line(Scenario scenario, String neighbour, Compared c) {
        return String.format(
                "%s  %-20s p50 %.2f/%.2f = %.2f  p95 %.2f/%.2f = %.2f  p99 %.2f/%.2f = %.2f ms  %s rows/s  %s cores  %s",
                scenario.key(),
                neighbour,
                c.beside().p50(),
                c.alone().p50(),
                c.ratio(Latencies::p50),
                c.beside().p95(),
                c.alone().p95(),
                c.ratio(Latencies::p95),
                c.beside().p99(),
                c.alone().p99(),
                c.ratio(Latencies::p99),
                number(c.rowsPerSecond()),
                number(c.workerCores()),
                c.limit());
    }

    /** The whole report. */
    String text(String server, long rows, Stage.Cadence cadence) {
        var text = new StringBuilder();
        text.append(String.format(
                        "%n%,d rows, cores: %d, Java %s, pairs of %d s after %d s that are not measured; `throttle: off` at least %d s, loop and single UPDATE half of that%n",
                        rows,
                        Runtime.getRuntime().availableProcessors(),
                        Runtime.version(),
                        cadence.measured().toSeconds(),
                        cadence.settle().toSeconds(),
                        Foreground.ALTERNATIVE.toSeconds()))
                .append(server)
                .append("\nLatencies count from the moment a transaction was due. Medians of the phases, and of the"
                        + " pairs' ratios.\n");
        measured.forEach((scenario, by) -> scenario(text, scenario, by));
        promises(text);
        return text.toString();
    }

    private void scenario(StringBuilder text, Scenario scenario, Map<String, List<Compared>> by) {
        Load load = loads.get(scenario);
        text.append("\n**").append(scenario.title()).append("**");
        if (load != null) {
            text.append(String.format(": %,.0f of %,.0f transactions/s", load.rate(), load.maximum()));
        }
        List<Compared> pairs = by.getOrDefault(Foreground.GUARDED, List.of());
        Map<String, Long> limits = pairs.stream()
                .map(c -> c.limit().isEmpty() ? "nothing" : c.limit().replaceAll(":.*", ""))
                .collect(Collectors.groupingBy(code -> code, TreeMap::new, Collectors.counting()));
        text.append("; at ")
                .append(guarded)
                .append(" held back at the ends of its phases by: ")
                .append(limits.entrySet().stream()
                        .map(e -> e.getKey() + " " + e.getValue())
                        .collect(Collectors.joining(", ")));
        text.append("\n\n| Beside it | phases");
        PROMISES.forEach(p -> text.append(" | ").append(p.text()).append(" ms | ratio"));
        text.append(" | rows/s | worker's cores |\n|---|---|---|---|---|---|---|---|---|---|\n| nothing");
        text.append(" | ").append(pairs.size());
        PROMISES.forEach(p -> text.append(" | ")
                .append(number(median(pairs, c -> p.figure.applyAsDouble(c.alone()))))
                .append(" | "));
        text.append(" | | |\n");
        titles().forEach((key, title) -> {
            List<Compared> of = by.getOrDefault(key, List.of());
            text.append("| ").append(title).append(" | ").append(of.size());
            PROMISES.forEach(p -> text.append(" | ")
                    .append(number(median(of, c -> p.figure.applyAsDouble(c.beside()))))
                    .append(" | ")
                    .append(number(median(of, c -> c.ratio(p.figure)))));
            text.append(" | ")
                    .append(number(median(of, Compared::rowsPerSecond)))
                    .append(" | ")
                    .append(number(median(of, Compared::workerCores)))
                    .append(" |\n");
        });
    }

    private void promises(StringBuilder text) {
        text.append("\nThe upper bound is that of the median ratio, at 95 percent from one side (bootstrap, ")
                .append(RESAMPLES)
                .append(" resamples); it is what must keep the promise.\n\n")
                .append("| Promise | application | must be | median | upper bound | |\n|---|---|---|---|---|---|\n");
        measured.forEach((scenario, by) -> {
            List<Compared> pairs = by.getOrDefault(Foreground.GUARDED, List.of());
            for (Promise p : PROMISES) {
                double[] ratios = ratios(pairs, p);
                row(
                        text,
                        p.text + " by alone",
                        scenario,
                        Limits.atMost(p.most),
                        number(Statistics.median(ratios)),
                        bound(ratios));
            }
            for (Promise p : PROMISES) {
                double[] ratios = ratios(by.getOrDefault(Foreground.NOTHING, List.of()), p);
                text.append(String.format(
                        "| %s of nothing next to nothing | %s | | %s | %s | noise |%n",
                        p.text, scenario.key(), number(Statistics.median(ratios)), number(bound(ratios))));
            }
            double rate = median(pairs, Compared::rowsPerSecond)
                    / median(by.getOrDefault(Foreground.UNTHROTTLED, List.of()), Compared::rowsPerSecond);
            row(text, "rows/s by `throttle: off`", scenario, Limits.atLeast(0.5), "", rate);
        });
    }

    private static double[] ratios(List<Compared> pairs, Promise p) {
        return pairs.stream().mapToDouble(c -> c.ratio(p.figure)).toArray();
    }

    private static double bound(double[] ratios) {
        return Statistics.upperBoundOfMedian(ratios, RESAMPLES, SEED);
    }

    private static void row(
            StringBuilder text, String promise, Scenario scenario, Limits limits, String median, double is) {
        text.append(String.format(
                "| %s | %s | %s | %s | %s | %s |%n",
                promise, scenario.key(), limits.text(), median, number(is), limits.verdict(is)));
    }

    private static double median(List<Compared> of, ToDoubleFunction<Compared> figure) {
        return Statistics.median(of.stream().mapToDouble(figure).toArray());
    }
}
