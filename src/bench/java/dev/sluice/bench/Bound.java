package dev.sluice.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A promise about a figure.
 *
 * @param text what is promised
 * @param contender whose figure
 * @param base by whose figure of the same round it is divided; empty for an absolute one
 * @param figure which
 * @param least the least it may be
 * @param most the most it may be
 */
record Bound(
        String text, String contender, String base, ToDoubleFunction<Measurement> figure, double least, double most) {

    private static final double ANY = Double.POSITIVE_INFINITY;

    /** All that are promised; a ratio is the median of the rounds' ratios. */
    static final List<Bound> ALL = List.of(
            rate("off", "single", 0.9),
            rate("off", "longloop", 0.95),
            wal("off", 1.05),
            rate("stripes", "single", 1.3),
            wal("stripes", 0.65),
            growth("stripes", 1.4),
            rate("two", "single", 1.8),
            wal("two", 0.75),
            rate("stripes6", "single6", 1.8),
            rate("stripes", "spring", 2.5),
            rate("two", "spring2", 1.5),
            new Bound(
                    "steady rows/s: all rows by an eighth",
                    "stripes",
                    "small",
                    m -> m.worker().steadyRate(),
                    0.9,
                    1.1),
            resident("off"),
            resident("stripes"),
            resident("two"),
            resident("stripes6"),
            resident("leaves"),
            flat("all rows by an eighth", "stripes", "small"),
            flat("500 leaves by 50", "leaves", "few"),
            checkpoints("off"),
            checkpoints("stripes"));

    private static Bound rate(String contender, String base, double least) {
        return new Bound("rows/s by " + base, contender, base, Measurement::rowsPerSecond, least, ANY);
    }

    private static Bound wal(String contender, double most) {
        return new Bound("WAL a row by single", contender, "single", Measurement::walPerRow, 0, most);
    }

    private static Bound growth(String contender, double most) {
        return new Bound("table and indexes grow to", contender, "", Measurement::growth, 0, most);
    }

    private static Bound resident(String contender) {
        return new Bound("worker's peak MiB", contender, "", m -> m.worker().residentMiB(), 0, 256);
    }

    private static Bound flat(String text, String contender, String base) {
        return new Bound(
                "worker's peak: " + text, contender, base, m -> m.worker().residentMiB(), 0, 1.1);
    }

    /** Two versions of a row of some 200 bytes, and its page once after each checkpoint of the server. */
    private static Bound checkpoints(String contender) {
        return new Bound(
                "checkpoint WAL B/batch", contender, "", m -> m.worker().checkpointWal(), 0, 1024);
    }

    Limits limits() {
        return new Limits(least, most);
    }

    /** Two decimals, or none for what is large. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "";
        }
        return value >= 100 ? String.format("%,.0f", value) : String.format("%.2f", value);
    }
}
