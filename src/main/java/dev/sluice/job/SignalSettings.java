package dev.sluice.job;

import java.util.Map;
import java.util.Set;

/**
 * What a job says of one signal.
 *
 * @param on whether it is watched at all
 * @param stated whether the job file names it; a signal that is not stated and cannot be read is off
 * @param limits by their keys, such as {@code limit}; those of {@link SignalKind#limits()}, each overridden or not
 * @param except names of replicas or slots that do not count
 * @param holdsWhenUnknown whether the run holds while it is unknown; {@code on-unknown: hold}, the default
 */
public record SignalSettings(
        boolean on, boolean stated, Map<String, Double> limits, Set<String> except, boolean holdsWhenUnknown) {
    public SignalSettings {
        limits = Map.copyOf(limits);
        except = Set.copyOf(except);
    }

    /** As it is where the job file says nothing. */
    public static SignalSettings byDefault(SignalKind kind) {
        return new SignalSettings(true, false, kind.limits(), Set.of(), true);
    }

    /** As {@code off} in the job file makes it. */
    static SignalSettings off(SignalKind kind) {
        return new SignalSettings(false, true, kind.limits(), Set.of(), true);
    }

    /**
     * A limit by its key.
     *
     * @throws IllegalArgumentException for a key the signal does not have
     */
    public double limit(String key) {
        Double limit = limits.get(key);
        if (limit == null) {
            throw new IllegalArgumentException("no limit " + key + " among " + limits.keySet());
        }
        return limit;
    }
}
