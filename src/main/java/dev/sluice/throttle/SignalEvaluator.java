package dev.sluice.throttle;

import dev.sluice.job.CustomSignal;
import dev.sluice.job.SignalKind;
import dev.sluice.job.SignalSettings;
import dev.sluice.throttle.Measurement.Better;
import dev.sluice.throttle.Measurement.Scale;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Holds the levels of one source against the limits of one job. */
public final class SignalEvaluator {
    /** No pressure is more: a level without bound, or a limit of zero, must not make an infinite one. */
    public static final double MOST = 1000;

    private static final Comparator<Verdict> WORST =
            Comparator.comparing(Verdict::hard).thenComparingDouble(Verdict::pressure);

    private SignalEvaluator() {}

    /**
     * The worst of the levels of a signal of the database.
     *
     * @return empty where there is nothing to judge, which is as good as can be
     * @throws IllegalArgumentException for a level whose measure the signal does not have
     */
    public static Optional<Verdict> of(SignalKind kind, SignalSettings settings, List<Measurement> levels) {
        return levels.stream()
                .filter(level -> !isExcepted(level.subject(), settings.except()))
                .map(level -> judge(kind, settings, level))
                .reduce((a, b) -> WORST.compare(b, a) > 0 ? b : a);
    }

    /** The worst of the levels of a signal that the job chose itself. */
    public static Optional<Verdict> of(CustomSignal signal, List<Measurement> levels) {
        double limit = signal.threshold();
        return levels.stream()
                .map(level -> verdict(signal.name(), level, level.value(), limit, Amount.plain(limit)))
                .reduce((a, b) -> WORST.compare(b, a) > 0 ? b : a);
    }

    /** A replica's subject may have its address behind the name: {@code walreceiver (10.0.0.5)}. */
    private static boolean isExcepted(String subject, Set<String> except) {
        return except.stream().anyMatch(name -> subject.equals(name) || subject.startsWith(name + " ("));
    }

    private static Verdict judge(SignalKind kind, SignalSettings settings, Measurement level) {
        double written = settings.limit(level.measure());
        SignalKind.Unit unit = kind.unit(level.measure());
        return switch (level.scale()) {
            case Scale.Plain() -> verdict(kind.code(), level, level.value(), written, Amount.text(unit, written));
            case Scale.AtMost(double most) -> {
                double limit = Math.min(written, most);
                yield verdict(kind.code(), level, level.value(), limit, Amount.text(unit, limit));
            }
            case Scale.TimesOf(double quiet) -> {
                double base = Math.max(quiet, settings.limit("floor"));
                double times = base > 0 ? level.value() / base : level.value() > 0 ? MOST : 0;
                yield verdict(kind.code(), level, times, written, Amount.plain(written) + " x " + Amount.seconds(base));
            }
        };
    }

    private static Verdict verdict(String code, Measurement level, double value, double limit, String limitText) {
        double pressure = pressure(value, limit, level.better());
        String measured = code + (level.subject().isEmpty() ? "" : " of " + level.subject()) + " " + level.text();
        if (level.hard()) {
            return new Verdict(
                    code,
                    level.subject(),
                    value,
                    limit,
                    Math.max(1, pressure),
                    measured + ", whatever the limit",
                    true);
        }
        String sign = switch (level.better()) {
            case LESS -> pressure >= 1 ? " >= " : " < ";
            case MORE -> pressure >= 1 ? " <= " : " > ";
        };
        return new Verdict(code, level.subject(), value, limit, pressure, measured + sign + limitText, false);
    }

    /** At least 1 exactly where the limit is reached; from 0 to {@link #MOST}. */
    static double pressure(double value, double limit, Better better) {
        return switch (better) {
            case LESS -> ratio(value, limit);
            case MORE -> value <= limit && value <= 0 ? MOST : ratio(limit, value);
        };
    }

    /** {@code part / whole}, where a whole of nothing or less is reached by anything that is not below it. */
    private static double ratio(double part, double whole) {
        if (part >= whole) {
            return whole > 0 && Double.isFinite(whole) ? Math.min(MOST, part / whole) : MOST;
        }
        return whole > 0 && part > 0 ? part / whole : 0;
    }
}
