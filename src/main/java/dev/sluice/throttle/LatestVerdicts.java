package dev.sluice.throttle;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the signals that a job watches say, held against its limits, as of the last look at them. Used by one thread,
 * read by others.
 */
final class LatestVerdicts {
    /** While the first samples are on their way. */
    private static final Duration MOMENT = Duration.ofMillis(20);

    private final Sampler sampler;
    private final List<MonitoredSignal> monitored;
    private final Duration again;
    private volatile List<Found> found = List.of();

    /**
     * What a reading says.
     *
     * @param at nanoseconds when it was read
     */
    record Found(Verdict verdict, long at) {}

    /** @param again after which a lane that is held asks again */
    LatestVerdicts(Sampler sampler, List<MonitoredSignal> monitored, Duration again) {
        this.sampler = sampler;
        this.monitored = List.copyOf(monitored);
        this.again = again;
    }

    /** Whether nothing is watched. */
    boolean isEmpty() {
        return monitored.isEmpty();
    }

    /** Judges what was read last. */
    void look() {
        List<Found> all = new ArrayList<>();
        for (MonitoredSignal h : monitored) {
            if (sampler.reading(h.source()) instanceof SourceReading.Known known) {
                h.judge().apply(known.levels()).ifPresent(verdict -> all.add(new Found(verdict, known.at())));
            }
        }
        found = List.copyOf(all);
    }

    /** The one that presses most. */
    Optional<Found> worst() {
        return found.stream().reduce((a, b) -> isWorse(b.verdict(), a.verdict()) ? b : a);
    }

    private static boolean isWorse(Verdict a, Verdict b) {
        return a.hard() == b.hard() ? a.pressure() > b.pressure() : a.hard();
    }

    /** That of one signal; empty where it gives no number now. */
    Optional<Found> of(String code) {
        return found.stream().filter(f -> f.verdict().code().equals(code)).findFirst();
    }

    /** All of them. */
    List<Verdict> verdicts() {
        return found.stream().map(Found::verdict).toList();
    }

    /** Why nothing may begin: the first signal that is not known and has to be. */
    Optional<Permit> unknown(long now) {
        for (MonitoredSignal h : monitored) {
            String code = h.source().code();
            switch (sampler.reading(h.source())) {
                case SourceReading.Known ignored -> {}
                case SourceReading.Pending ignored -> {
                    String text = "waiting for the first reading of " + code;
                    return Optional.of(new Permit.Denied("first-sample", text, null, null, null, MOMENT, false));
                }
                case SourceReading.Unknown u -> {
                    if (h.holdsWhenUnknown()) {
                        String text = code + " is unknown: " + u.why()
                                + "; with `on-unknown: ignore` for it in a job file's `throttle` runs go on without";
                        double age = (now - u.since()) / 1e9;
                        return Optional.of(new Permit.Denied(code, text, null, null, age, again, true));
                    }
                }
                case SourceReading.Missing m -> {
                    if (h.stated() && h.holdsWhenUnknown()) {
                        String text = code + " cannot be read: " + m.need().what() + " "
                                + m.need().fix();
                        return Optional.of(new Permit.Denied(code, text, null, null, null, again, true));
                    }
                }
            }
        }
        return Optional.empty();
    }
}
