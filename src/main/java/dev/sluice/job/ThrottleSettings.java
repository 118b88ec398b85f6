package dev.sluice.job;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What slows a job down.
 *
 * @param on false for {@code throttle: off}: no signal is watched
 * @param rowsPerSecond at least 1, by all workers together
 * @param walPerHour bytes of WAL in an hour at most
 * @param cores share of the server's cores that batches on the database may keep busy beside others, 0 to
 *     {@link #ALL_CORES}; empty for what the worker is configured with
 * @param signals what the file says of the signals of PostgreSQL; for the others {@link SignalSettings#byDefault}
 * @param chosen signals the file defines itself
 * @param windows when the job may work; empty for at any time
 */
public record ThrottleSettings(
        boolean on,
        Optional<Integer> rowsPerSecond,
        OptionalLong walPerHour,
        OptionalDouble cores,
        Map<SignalKind, SignalSettings> signals,
        List<CustomSignal> chosen,
        List<Window> windows) {
    /** {@code cores: off}: as much as there is. */
    public static final double ALL_CORES = Double.POSITIVE_INFINITY;
    /** Where nobody has said a share: {@link #DEFAULT_SHARE}, and {@link #DEFAULT_OF_ONE} of one core at least. */
    public static final double DEFAULT_CORES = -1;
    /** Of all cores. */
    public static final double DEFAULT_SHARE = 0.02;
    /** Of one core: a server of one or two has so little that a batch would hardly ever come. */
    public static final double DEFAULT_OF_ONE = 0.05;
    /** The smallest share of them. */
    public static final double LEAST_CORES = 0.001;

    /** Of a job whose file says nothing. */
    public static final ThrottleSettings DEFAULT = new ThrottleSettings(
            true, Optional.empty(), OptionalLong.empty(), OptionalDouble.empty(), Map.of(), List.of(), List.of());

    public ThrottleSettings {
        signals = Map.copyOf(signals);
        chosen = List.copyOf(chosen);
        windows = List.copyOf(windows);
    }

    /** {@code throttle: off}. */
    public static final ThrottleSettings OFF = new ThrottleSettings(
            false, Optional.empty(), OptionalLong.empty(), OptionalDouble.empty(), Map.of(), List.of(), List.of());

    /** What holds for this signal; off where the throttle is off. */
    public SignalSettings of(SignalKind kind) {
        if (!on) {
            return SignalSettings.off(kind);
        }
        SignalSettings stated = signals.get(kind);
        return stated == null ? SignalSettings.byDefault(kind) : stated;
    }

    /** Reads a share of the cores, {@code 20%}; empty where it is not written that way. */
    public static OptionalDouble cores(String text) {
        return LimitText.parse(SignalKind.Unit.RATIO, text);
    }

    /**
     * Share of the server's cores that batches may keep busy beside others, or {@link #DEFAULT_CORES}; empty where no
     * budget is kept.
     *
     * @param configured for job files that say nothing
     */
    public OptionalDouble budget(double configured) {
        double share = cores.orElse(configured);
        return on && share != ALL_CORES ? OptionalDouble.of(share) : OptionalDouble.empty();
    }
}
