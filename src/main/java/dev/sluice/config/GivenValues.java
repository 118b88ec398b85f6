package dev.sluice.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What file and environment say, before it is understood: dotted key to text, with the place each came from, and the
 * keys and variables that nobody knows. A later {@link #put} wins over an earlier one.
 */
final class GivenValues {
    private final Map<String, Value> values = new TreeMap<>();
    private final List<SettingsMistake> mistakes = new ArrayList<>();

    /**
     * @param text as written
     * @param place file and line, or variable
     */
    record Value(String text, String place) {}

    void put(String key, String text, String place) {
        if (KnownKeys.patternOf(key).isPresent()) {
            values.put(key, new Value(text, place));
        } else {
            refuse(
                    place,
                    key,
                    "unknown key.",
                    "write " + KnownKeys.nearestKey(Mask.key(key))
                            + ", or take it out; docs/configuration.md lists every key.");
        }
    }

    void refuse(String place, String key, String reason, String fix) {
        mistakes.add(new SettingsMistake(place, key, reason, fix));
    }

    void refuse(SettingsMistake mistake) {
        mistakes.add(mistake);
    }

    /** Whether there is a mistake at this key. */
    boolean refuses(String key) {
        return mistakes.stream().anyMatch(m -> m.key().equals(key));
    }

    /**
     * The same values without a mistake noted.
     *
     * @param instead what stands in for a key that has one; empty to leave it to its default
     */
    GivenValues patched(Function<String, Optional<String>> instead) {
        var patched = new GivenValues();
        patched.values.putAll(values);
        for (SettingsMistake mistake : mistakes) {
            if (KnownKeys.patternOf(mistake.key()).isPresent()) {
                Value before = patched.values.remove(mistake.key());
                instead.apply(mistake.key())
                        .ifPresent(text -> patched.values.put(
                                mistake.key(), new Value(text, before == null ? "" : before.place())));
            }
        }
        return patched;
    }

    Optional<Value> find(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** Where a value comes from; empty for a default. */
    String place(String key) {
        return find(key).map(Value::place).orElse("");
    }

    List<SettingsMistake> mistakes() {
        return mistakes;
    }

    /** For the library: full property names to texts. */
    Map<String, String> properties() {
        var properties = new LinkedHashMap<String, String>();
        values.forEach((key, value) -> properties.put(KnownKeys.PREFIX + key, value.text()));
        return properties;
    }
}
