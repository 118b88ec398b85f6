package dev.sluice.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gauges that come and go with the readings: a value that is not known has no gauge. */
final class RunGauges {
    private final MeterRegistry registry;
    private final List<String> states;
    private final Map<Line, Shown> shown = new HashMap<>();

    RunGauges(MeterRegistry registry, List<String> states) {
        this.registry = registry;
        this.states = List.copyOf(states);
    }

    /** Shows exactly these. A gauge that stays is updated in place, so that no scrape misses it. */
    synchronized void show(Collection<Reading> readings) {
        Map<Line, Double> wanted = new HashMap<>();
        readings.forEach(r -> lines(r, wanted));
        Set<Line> gone = new HashSet<>(shown.keySet());
        gone.removeAll(wanted.keySet());
        gone.forEach(line -> {
            Shown s = shown.remove(line);
            if (s != null) {
                registry.remove(s.gauge);
            }
        });
        wanted.forEach((line, value) -> shown.computeIfAbsent(line, this::register).value = value);
    }

    private Shown register(Line line) {
        return new Shown(registry, line);
    }

    private void lines(Reading r, Map<Line, Double> to) {
        Tags tags = RunMeters.tags(r.job(), r.database());
        put(to, What.REMAINING, tags, r.remaining());
        put(to, What.RATIO, tags, r.ratio());
        put(to, What.ETA, tags, r.etaSeconds());
        put(to, What.BATCH_SIZE, tags, r.batchSize());
        put(to, What.STRIPES, tags, r.stripes());
        put(to, What.HOT_RATIO, tags, r.hotRatio());
        put(to, What.CHECKPOINT_AGE, tags, r.checkpointAgeSeconds());
        put(to, What.GATE_OPEN, tags.and("gate", "switch"), one(r.gateOpen()));
        String state = r.state();
        if (state != null) {
            states.forEach(s -> put(to, What.STATE, tags.and("state", s), one(s.equals(state))));
        }
    }

    private static @Nullable Double one(@Nullable Boolean yes) {
        return yes == null ? null : yes ? 1.0 : 0.0;
    }

    private static void put(Map<Line, Double> to, What what, Tags tags, @Nullable Number value) {
        if (value != null && Double.isFinite(value.doubleValue())) {
            to.put(new Line(what, tags), value.doubleValue());
        }
    }

    /** The gauges there are. */
    private enum What {
        REMAINING("sluice.rows.remaining", null, "Rows still to walk in this pass, estimated"),
        RATIO("sluice.progress.ratio", null, "Share of this pass that is done, 0 to 1"),
        ETA("sluice.eta", "seconds", "Time until this pass ends, at the present rate"),
        BATCH_SIZE("sluice.batch.size", null, "Rows of the next batch"),
        STRIPES("sluice.stripes", null, "Stripes of the next range, 1 for none"),
        HOT_RATIO("sluice.hot.ratio", null, "Share of the changed rows that were changed in place, 0 to 1"),
        CHECKPOINT_AGE("sluice.checkpoint.age", "seconds", "Time since the last checkpoint"),
        GATE_OPEN("sluice.gate.open", null, "1 while the gate is open, 0 while it is closed"),
        STATE("sluice.run.state", null, "1 for the state the newest run is in, 0 for the others");

        private final String meter;
        private final @Nullable String unit;
        private final String description;

        What(String meter, @Nullable String unit, String description) {
            this.meter = meter;
            this.unit = unit;
            this.description = description;
        }
    }

    private record Line(What what, Tags tags) {}

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
