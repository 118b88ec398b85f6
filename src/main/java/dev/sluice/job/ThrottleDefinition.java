package dev.sluice.job;

import dev.sluice.config.SizeText;
import dev.sluice.job.SignalKind.Unit;
import dev.sluice.time.DurationText;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The canonical form of {@code throttle}: every signal that is stated, with all its limits, so that a later version
 * with other defaults reads the same settings.
 */
final class ThrottleDefinition {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ThrottleDefinition() {}

    /** The value of the key; empty where the settings are the default ones. */
    static Optional<JsonNode> of(ThrottleSettings throttle) {
        if (throttle.equals(ThrottleSettings.DEFAULT)) {
            return Optional.empty();
        }
        if (!throttle.on()) {
            return Optional.of(JSON.stringNode("off"));
        }
        ObjectNode node = JSON.objectNode();
        throttle.rowsPerSecond().ifPresent(r -> node.put("rows-per-second", r));
        throttle.walPerHour().ifPresent(w -> node.put("wal-per-hour", SizeText.format(w)));
        throttle.cores()
                .ifPresent(c ->
                        node.put("cores", c == ThrottleSettings.ALL_CORES ? "off" : LimitText.format(Unit.RATIO, c)));
        new TreeMap<>(throttle.signals()).forEach((kind, signal) -> node.set(kind.code(), signal(kind, signal)));
        chosen(node, throttle.chosen());
        if (!throttle.windows().isEmpty()) {
            var windows = node.putArray("windows");
            throttle.windows().forEach(w -> windows.add(w.text()));
        }
        return Optional.of(node);
    }

    private static JsonNode signal(SignalKind kind, SignalSettings signal) {
        if (!signal.on()) {
            return JSON.stringNode("off");
        }
        ObjectNode node = JSON.objectNode();
        new TreeMap<>(signal.limits()).forEach((name, limit) -> {
            Unit unit = kind.unit(name);
            switch (unit) {
                case SECONDS, BYTES, RATIO -> node.put(name, LimitText.format(unit, limit));
                case COUNT, TIMES -> node.set(name, number(limit));
            }
        });
        if (!signal.except().isEmpty()) {
            var except = node.putArray("except");
            signal.except().stream().sorted().forEach(except::add);
        }
        return unknown(node, signal.holdsWhenUnknown());
    }

    private static void chosen(ObjectNode node, List<CustomSignal> signals) {
        for (CustomSignal signal : signals) {
            ObjectNode item = JSON.objectNode().put("name", signal.name());
            String list = switch (signal) {
                case CustomSignal.Sql sql -> {
                    item.put("query", sql.query());
                    yield "sql";
                }
                case CustomSignal.Http http -> {
                    item.put("url", http.url().toString());
                    http.pointer().ifPresent(p -> item.put("pointer", p));
                    yield "http";
                }
                case CustomSignal.Prometheus prometheus -> {
                    item.put("url", prometheus.url().toString()).put("query", prometheus.query());
                    yield "prometheus";
                }
            };
            signal.limit().ifPresent(l -> item.set("limit", number(l)));
            item.put("every", DurationText.format(signal.every()));
            node.withArrayProperty(list).add(unknown(item, signal.holdsWhenUnknown()));
        }
    }

    private static ObjectNode unknown(ObjectNode node, boolean holds) {
        return node.put("on-unknown", holds ? "hold" : "ignore");
    }

    private static JsonNode number(double number) {
        return number == Math.rint(number) ? JSON.numberNode((long) number) : JSON.numberNode(number);
    }
}
