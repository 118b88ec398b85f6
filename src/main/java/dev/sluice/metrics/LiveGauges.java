package dev.sluice.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gauges that come and go with what is known: a value that is not known has no gauge. Safe for several threads. */
final class LiveGauges {
    private final MeterRegistry registry;
    private final Map<Line, Shown> shown = new HashMap<>();

    LiveGauges(MeterRegistry registry) {
        this.registry = registry;
    }

    /** A gauge's meter with its labels. */
    record Line(What what, Tags tags) {}

    /**
     * A gauge there may be.
     *
     * @param meter its name, with dots
     * @param unit that its name ends in; null for none
     */
    record What(String meter, @Nullable String unit, String description) {}

    /** Shows exactly these. A gauge that stays is updated in place, so that no scrape misses it. */
    synchronized void show(Map<Line, Double> wanted) {
        Set<Line> gone = new HashSet<>(shown.keySet());
        gone.removeAll(wanted.keySet());
        gone.forEach(line -> {
            Shown s = shown.remove(line);
            if (s != null) {
                registry.remove(s.gauge);
            }
        });
        wanted.forEach((line, value) -> shown.computeIfAbsent(line, l -> new Shown(registry, l)).value = value);
    }

    private static final class Shown {
        private final Gauge gauge;
        private volatile double value;

        Shown(MeterRegistry registry, Line line) {
            this.gauge = Gauge.builder(line.what.meter, this, s -> s.value)
                    .baseUnit(line.what.unit)
                    .description(line.what.description)
                    .tags(line.tags)
                    .register(registry);
        }
    }
}
