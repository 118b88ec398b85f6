package dev.sluice.job;

import dev.sluice.config.SizeText;
import dev.sluice.job.SignalKind.Unit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/** Reads {@code throttle} of a job file. */
final class ThrottleTranslation {
    private static final String THROTTLE = "migrate.throttle";
    /** 1 MB an hour: less than that would be a mistake in the unit. */
    private static final long LEAST_WAL = 1_000_000;
    /** In YAML 1.1, which some editors write, {@code off} is {@code false}. */
    private static final Set<String> OFF = Set.of("off", "false");

    private final Keys keys;
    private final Mistakes mistakes;
    private final CustomSignalTranslation chosen;

    ThrottleTranslation(Keys keys, Mistakes mistakes) {
        this.keys = keys;
        this.mistakes = mistakes;
        this.chosen = new CustomSignalTranslation(keys, mistakes);
    }

    /** What slows the job down; of no use where mistakes are noted. */
    ThrottleSettings settings() {
        if (keys.text(THROTTLE).filter(OFF::contains).isPresent()) {
            return ThrottleSettings.OFF;
        }
        if (!keys.isMapping(THROTTLE)) {
            return ThrottleSettings.DEFAULT;
        }
        Map<SignalKind, SignalSettings> signals = new EnumMap<>(SignalKind.class);
        for (SignalKind kind : SignalKind.values()) {
            signal(kind, THROTTLE + "." + kind.code()).ifPresent(s -> signals.put(kind, s));
        }
        return new ThrottleSettings(
                true,
                keys.number(THROTTLE + ".rows-per-second"),
                walPerHour(THROTTLE + ".wal-per-hour"),
                cores(THROTTLE + ".cores"),
                signals,
                chosen.signals(THROTTLE),
                windows(THROTTLE + ".windows"));
    }

    private OptionalLong walPerHour(String key) {
        Optional<String> text = keys.text(key);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        OptionalLong bytes = SizeText.parse(text.get());
        if (bytes.isEmpty()) {
            mistakes.add(
                    key,
                    "bad-value",
                    "\"" + text.get() + "\" is no size.",
                    "Write " + SizeText.FORM + ": `wal-per-hour: 20GB`.");
        } else if (bytes.getAsLong() < LEAST_WAL || bytes.getAsLong() > SizeText.LARGEST) {
            mistakes.add(
                    key,
                    "out-of-range",
                    text.get() + " is not within 1MB and 1000TB.",
                    "Write a size from 1MB to 1000TB, such as `wal-per-hour: 20GB`.");
        }
        return bytes;
    }

    private OptionalDouble cores(String key) {
        return keys.text(key).filter(OFF::contains).isPresent()
                ? OptionalDouble.of(ThrottleSettings.ALL_CORES)
                : limit(Unit.RATIO, key);
    }

    private Optional<SignalSettings> signal(SignalKind kind, String key) {
        if (keys.isMapping(key)) {
            Map<String, Double> limits = new TreeMap<>(kind.limits());
            limits.replaceAll((name, byDefault) ->
                    limit(kind.unit(name), key + "." + name).orElse(byDefault));
            boolean holds = !keys.text(key + ".on-unknown").equals(Optional.of("ignore"));
            Set<String> except = kind.hasExceptions() ? names(key + ".except") : Set.of();
            return Optional.of(new SignalSettings(true, true, limits, except, holds));
        }
        Optional<String> text = keys.text(key);
        if (text.filter(OFF::contains).isPresent()) {
            return Optional.of(SignalSettings.off(kind));
        }
        return text.map(t -> {
            Map<String, Double> limits = new TreeMap<>(kind.limits());
            limit(kind.unit(), key).ifPresent(l -> limits.put("limit", l));
            return new SignalSettings(true, true, limits, Set.of(), true);
        });
    }

    private OptionalDouble limit(Unit unit, String key) {
        Optional<String> text = keys.text(key);
        if (text.isEmpty()) {
            return OptionalDouble.empty();
        }
        OptionalDouble limit = LimitText.parse(unit, text.get());
        if (limit.isEmpty()) {
            mistakes.add(
                    key,
                    "bad-value",
                    "\"" + text.get() + "\" is no limit of this signal.",
                    "Write " + LimitText.form(unit) + ".");
            return limit;
        }
        double least = LimitText.least(unit);
        double most = LimitText.most(unit);
        if (limit.getAsDouble() < least || limit.getAsDouble() > most) {
            String within = LimitText.format(unit, least) + " and " + LimitText.format(unit, most);
            mistakes.add(
                    key,
                    "out-of-range",
                    text.get() + " is not within " + within + ".",
                    "Write " + LimitText.form(unit) + ".");
        }
        return limit;
    }

    private Set<String> names(String key) {
        Set<String> names = new LinkedHashSet<>();
        for (String item : keys.items(key)) {
            Optional<String> name = keys.text(item);
            if (name.isPresent() && name.get().isEmpty()) {
                mistakes.add(item, "empty", "nothing is in it.", "Write a name, or take the item away.");
            } else if (name.isPresent() && !names.add(name.get())) {
                mistakes.add(
                        item, "duplicate-name", "\"" + name.get() + "\" stands there twice.", "Keep one of the two.");
            }
        }
        return names;
    }

    private List<Window> windows(String key) {
        List<Window> windows = new ArrayList<>();
        for (String item : keys.items(key)) {
            keys.text(item).map(Window::parse).ifPresent(parsed -> {
                switch (parsed) {
                    case Window.Right(Window window) -> windows.add(window);
                    case Window.Wrong(String reason, String fix) -> mistakes.add(item, "bad-window", reason, fix);
                }
            });
        }
        return windows;
    }
}
