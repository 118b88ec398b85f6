package dev.sluice.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The gauges of the runs, which come and go with the readings. */
final class RunGauges {
    private static final LiveGauges.What REMAINING =
            new LiveGauges.What("sluice.rows.remaining", null, "Rows still to walk in this pass, estimated");
    private static final LiveGauges.What RATIO =
            new LiveGauges.What("sluice.progress.ratio", null, "Share of this pass that is done, 0 to 1");
    private static final LiveGauges.What ETA =
            new LiveGauges.What("sluice.eta", "seconds", "Time until this pass ends, at the present rate");
    private static final LiveGauges.What BATCH_SIZE =
            new LiveGauges.What("sluice.batch.size", null, "Rows of the next batch");
    private static final LiveGauges.What STRIPES =
            new LiveGauges.What("sluice.stripes", null, "Stripes of the next range, 1 for none");
    private static final LiveGauges.What HOT_RATIO = new LiveGauges.What(
            "sluice.hot.ratio", null, "Share of the changed rows that were changed in place, 0 to 1");
    private static final LiveGauges.What PACE =
            new LiveGauges.What("sluice.pace.ratio", null, "Share of time the lanes may work, 0 in a hold");
    private static final LiveGauges.What LIMITED =
            new LiveGauges.What("sluice.limited", null, "1 for what limits the run now");
    private static final LiveGauges.What LIMIT_VALUE =
            new LiveGauges.What("sluice.limited.value", null, "What was measured of that which limits the run");
    private static final LiveGauges.What LIMIT_LIMIT =
            new LiveGauges.What("sluice.limited.limit", null, "What it is compared with");
    private static final LiveGauges.What LIMIT_AGE =
            new LiveGauges.What("sluice.limited.age", "seconds", "Age of that measurement");
    private static final LiveGauges.What CHECKPOINT_AGE =
            new LiveGauges.What("sluice.checkpoint.age", "seconds", "Time since the last checkpoint");
    private static final LiveGauges.What GATE_OPEN =
            new LiveGauges.What("sluice.gate.open", null, "1 while the gate is open, 0 while it is closed");
    private static final LiveGauges.What STATE =
            new LiveGauges.What("sluice.run.state", null, "1 for the state the newest run is in, 0 for the others");

    private final LiveGauges gauges;
    private final List<String> states;

    RunGauges(MeterRegistry registry, List<String> states) {
        this.gauges = new LiveGauges(registry);
        this.states = List.copyOf(states);
    }

    /** Shows exactly these. */
    void show(Collection<RunReading> readings) {
        Map<LiveGauges.Line, Double> wanted = new HashMap<>();
        readings.forEach(r -> lines(r, wanted));
        gauges.show(wanted);
    }

    private void lines(RunReading r, Map<LiveGauges.Line, Double> to) {
        Tags tags = RunMeters.tags(r.job(), r.database());
        put(to, REMAINING, tags, r.remaining());
        put(to, RATIO, tags, r.ratio());
        put(to, ETA, tags, r.etaSeconds());
        put(to, BATCH_SIZE, tags, r.batchSize());
        put(to, STRIPES, tags, r.stripes());
        put(to, HOT_RATIO, tags, r.hotRatio());
        put(to, PACE, tags, r.pace());
        RunReading.Limited limited = r.limited();
        if (limited != null) {
            Tags by = tags.and("reason", limited.reason());
            put(to, LIMITED, by, 1);
            put(to, LIMIT_VALUE, by, limited.value());
            put(to, LIMIT_LIMIT, by, limited.limit());
            put(to, LIMIT_AGE, by, limited.ageSeconds());
        }
        put(to, CHECKPOINT_AGE, tags, r.checkpointAgeSeconds());
        put(to, GATE_OPEN, tags.and("gate", "switch"), one(r.gateOpen()));
        String state = r.state();
        if (state != null) {
            states.forEach(s -> put(to, STATE, tags.and("state", s), one(s.equals(state))));
        }
    }

    private static @Nullable Double one(@Nullable Boolean yes) {
        return yes == null ? null : yes ? 1.0 : 0.0;
    }

    static void put(Map<LiveGauges.Line, Double> to, LiveGauges.What what, Tags tags, @Nullable Number value) {
        if (value != null && Double.isFinite(value.doubleValue())) {
            to.put(new LiveGauges.Line(what, tags), value.doubleValue());
        }
    }
}
