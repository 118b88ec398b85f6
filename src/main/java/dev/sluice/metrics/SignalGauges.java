package dev.sluice.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** The gauges of the signals that the lanes of this worker watch. */
final class SignalGauges {
    private static final LiveGauges.What VALUE =
            new LiveGauges.What("sluice.signal.value", null, "What was measured, in the unit of its limit");
    private static final LiveGauges.What LIMIT = new LiveGauges.What("sluice.signal.limit", null, "The job's limit");
    private static final LiveGauges.What PRESSURE =
            new LiveGauges.What("sluice.signal.pressure.ratio", null, "How near the limit it is, 1 at the limit");

    private final LiveGauges gauges;

    SignalGauges(MeterRegistry registry) {
        this.gauges = new LiveGauges(registry);
    }

    /** Shows exactly these; of several with the same job and signal the one that presses most. */
    void show(Collection<SignalReading> readings) {
        Map<Tags, SignalReading> worst = new HashMap<>();
        readings.forEach(r -> worst.merge(
                RunMeters.tags(r.job(), r.database()).and("signal", r.signal()),
                r,
                (a, b) -> a.pressure() >= b.pressure() ? a : b));
        Map<LiveGauges.Line, Double> wanted = new HashMap<>();
        worst.forEach((tags, r) -> {
            RunGauges.put(wanted, VALUE, tags, r.value());
            RunGauges.put(wanted, LIMIT, tags, r.limit());
            RunGauges.put(wanted, PRESSURE, tags, r.pressure());
        });
        gauges.show(wanted);
    }
}
