package dev.sluice.bench;

import static dev.sluice.bench.Bound.number;

import dev.sluice.bench.Contender.Worker;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** The tables of a run, in Markdown: medians of the rounds, and medians of the rounds' ratios. */
final class Report {
    private final List<Contender> contenders;
    private final Map<String, Map<Integer, Measurement>> measured;

    /**
     * @param contenders in the order of the table
     * @param measured by their keys and the rounds
     */
    Report(List<Contender> contenders, Map<String, Map<Integer, Measurement>> measured) {
        this.contenders = contenders;
        this.measured = measured;
    }

    /** One round of one contender, on a line. */
    static String line(Measurement m) {
        String all = String.format(
                "%,9.0f rows/s  WAL %,6.0f B/row  size %.2f x  HOT %.2f",
                m.rowsPerSecond(), m.walPerRow(), m.growth(), m.hotShare());
        Worker w = m.worker();
        return Double.isNaN(w.batches())
                ? all
                : all
                        + String.format(
                                "  steady %,.0f rows/s  %,.0f batches  checkpoint WAL %,.0f B/batch  peak %.0f MiB  whole run %.1f s",
                                w.steadyRate(), w.batches(), w.checkpointWal(), w.residentMiB(), w.wholeSeconds());
    }

    /** The whole report. */
    String text(String server, long rows, int rounds) {
        var text = new StringBuilder();
        text.append(String.format(
                        "%n%,d rows, rounds: %d, cores: %d, Java %s%n", rows, rounds, cores(), Runtime.version()))
                .append(server)
                .append("\nSluice sets synchronous_commit = off for its batches, and on for the end of a pass.")
                .append(
                        "\n\n| Contender | rows/s | ratio | WAL B/row | ratio | size | HOT share |\n|---|---|---|---|---|---|---|\n");
        for (Contender c : contenders) {
            if (measured.containsKey(c.key())) {
                String base = c.table().indexes() == 6 ? "single6" : "single";
                text.append("| ").append(c.title());
                cell(text, median(c.key(), "", Measurement::rowsPerSecond));
                cell(text, median(c.key(), base, Measurement::rowsPerSecond));
                cell(text, median(c.key(), "", Measurement::walPerRow));
                cell(text, median(c.key(), base, Measurement::walPerRow));
                cell(text, median(c.key(), "", Measurement::growth));
                cell(text, median(c.key(), "", Measurement::hotShare));
                text.append(" |\n");
            }
        }
        workers(text);
        text.append("\n| Promise | of | must be | is | |\n|---|---|---|---|---|\n");
        for (Bound b : Bound.ALL) {
            double is = median(b.contender(), b.base(), b.figure());
            text.append(String.format(
                    "| %s | %s | %s | %s | %s |%n",
                    b.text(),
                    b.contender(),
                    b.limits().text(),
                    number(is),
                    b.limits().verdict(is)));
        }
        return text.toString();
    }

    private void workers(StringBuilder text) {
        text.append("""

                | Sluice alone | steady rows/s | batches | checkpoint WAL B/batch | peak MiB | whole run s |
                |---|---|---|---|---|---|
                """);
        for (Contender c : contenders) {
            double batches = median(c.key(), "", m -> m.worker().batches());
            if (!Double.isNaN(batches)) {
                text.append("| ").append(c.title());
                cell(text, median(c.key(), "", m -> m.worker().steadyRate()));
                text.append(String.format(" | %,.0f", batches));
                cell(text, median(c.key(), "", m -> m.worker().checkpointWal()));
                cell(text, median(c.key(), "", m -> m.worker().residentMiB()));
                cell(text, median(c.key(), "", m -> m.worker().wholeSeconds()));
                text.append(" |\n");
            }
        }
    }

    private static void cell(StringBuilder text, double value) {
        text.append(" | ").append(number(value));
    }

    /** Over the rounds in which both were measured; NaN where there are none. */
    private double median(String contender, String base, ToDoubleFunction<Measurement> figure) {
        Map<Integer, Measurement> of = measured.getOrDefault(contender, Map.of());
        Map<Integer, Measurement> by = measured.getOrDefault(base, Map.of());
        DoubleStream values = base.isEmpty()
                ? of.values().stream().mapToDouble(figure)
                : of.keySet().stream()
                        .filter(by::containsKey)
                        .mapToDouble(round -> figure.applyAsDouble(Objects.requireNonNull(of.get(round)))
                                / figure.applyAsDouble(Objects.requireNonNull(by.get(round))));
        return Statistics.median(values.toArray());
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }
}
