package dev.sluice.fleet;

import dev.sluice.time.DurationText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Live workers hold different definitions of a job, as during a roll-out of new job files.
 *
 * @param job the job's name
 * @param fingerprints in full, by worker; a worker whose name another one bears too is told with its instance
 * @param takeover after how long a worker that died does not count any more
 */
public record Difference(String job, Map<String, String> fingerprints, Duration takeover) {
    /** Of the refusal and of the gate's reason. */
    public static final String CODE = "definitions-differ";

    private static final int SHOWN = 12;

    public Difference {
        fingerprints = java.util.Collections.unmodifiableMap(new TreeMap<>(fingerprints));
    }

    /** The difference among these holdings of one job; empty where there is none. */
    static Optional<Difference> among(String job, Collection<Holding> holdings, Duration takeover) {
        if (holdings.stream().map(Holding::fingerprint).distinct().count() < 2) {
            return Optional.empty();
        }
        Map<String, String> fingerprints = new TreeMap<>();
        for (Holding h : holdings) {
            boolean twins =
                    holdings.stream().filter(o -> o.worker().equals(h.worker())).count() > 1;
            String name = twins ? h.worker() + "#" + h.instance().toString().substring(0, 8) : h.worker();
            fingerprints.put(name, h.fingerprint());
        }
        return Optional.of(new Difference(job, fingerprints, takeover));
    }

    /** Who has what, and what to do. */
    public String message() {
        Map<String, List<String>> holders = new LinkedHashMap<>();
        fingerprints.forEach((worker, fingerprint) ->
                holders.computeIfAbsent(fingerprint, f -> new ArrayList<>()).add(worker));
        String told = holders.entrySet().stream()
                .map(e -> (e.getValue().size() == 1 ? "worker " : "workers ")
                        + String.join(", ", e.getValue())
                        + (e.getValue().size() == 1 ? " has " : " have ")
                        + brief(e.getKey()))
                .collect(Collectors.joining("; "));
        return "the live workers hold " + holders.size() + " definitions of " + job + ", by fingerprint: " + told
                + ". Finish the roll-out of its job file, or stop the workers that are behind. A worker that died counts"
                + " for " + DurationText.format(takeover) + " after its last sign of life.";
    }

    private static String brief(String fingerprint) {
        return fingerprint.substring(0, Math.min(SHOWN, fingerprint.length()));
    }
}
