package dev.sluice;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Counts the faults that hit, and how long each took to be overcome. */
final class FaultTally {
    private final List<Overcome> overcome = new ArrayList<>();
    private int misses;

    /**
     * @param fault that hit
     * @param took until the next batch on what it struck
     * @param crowded whether another fault struck before that
     * @param striped whether a range was struck of which some stripes were committed and others were not
     */
    private record Overcome(Fault fault, Duration took, boolean crowded, boolean striped) {}

    void overcome(Recovery struck, Duration took, boolean crowded) {
        boolean striped = struck.before().stream().anyMatch(Part::striped);
        overcome.add(new Overcome(struck.fault(), took, crowded, striped));
    }

    /** A fault did not strike what it was meant for. */
    void missed() {
        misses++;
    }

    long count(Fault fault) {
        return overcome.stream().filter(o -> o.fault == fault).count();
    }

    /** From the fastest to the slowest. */
    private List<Duration> took(Fault fault, boolean crowded) {
        return overcome.stream()
                .filter(o -> o.fault == fault && o.crowded == crowded)
                .map(Overcome::took)
                .sorted()
                .toList();
    }

    /** Of a worker that died or was frozen, whatever else went wrong meanwhile; zero where none was. */
    Duration slowestTakeover() {
        return overcome.stream()
                .filter(o -> o.fault == Fault.KILL || o.fault == Fault.FREEZE)
                .map(Overcome::took)
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** A Markdown table. */
    String table() {
        return "| fault | hits | within a range in stripes | median | slowest | slowest with another fault meanwhile |\n|---|---|---|---|---|---|\n"
                + Arrays.stream(Fault.values()).map(this::row).collect(Collectors.joining("\n"))
                + "\n| all | " + overcome.size() + " | " + striped() + " | | | |\n("
                + misses
                + " more found nothing to strike and do not count)";
    }

    private String row(Fault fault) {
        List<Duration> alone = took(fault, false);
        List<Overcome> all = overcome.stream().filter(o -> o.fault == fault).toList();
        return "| " + fault + " | " + all.size() + " | " + striped(all) + " | "
                + (alone.isEmpty() ? "-" : seconds(alone.get(alone.size() / 2))) + " | " + slowest(alone) + " | "
                + slowest(took(fault, true)) + " |";
    }

    /** Faults that struck a range of which some stripes were committed and others were not. */
    long striped() {
        return striped(overcome);
    }

    private static long striped(List<Overcome> of) {
        return of.stream().filter(Overcome::striped).count();
    }

    private static String slowest(List<Duration> sorted) {
        return sorted.isEmpty() ? "-" : seconds(sorted.getLast());
    }

    static String seconds(Duration d) {
        return String.format(Locale.ROOT, "%.1f s", d.toMillis() / 1e3);
    }
}
