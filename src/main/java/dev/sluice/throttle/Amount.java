package dev.sluice.throttle;

import dev.sluice.job.SignalKind.Unit;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Writes measured numbers for people, with few digits after the point. Digits are cut and not rounded, so that what is
 * below a limit does not read as if it had reached it.
 */
final class Amount {
    private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB"};

    private Amount() {}

    /** In this unit: {@code 7.2s}, {@code 1.5GB}, {@code 3}, {@code 62%}, {@code 3x}. */
    static String text(Unit unit, double value) {
        return switch (unit) {
            case SECONDS -> seconds(value);
            case BYTES -> bytes(value);
            case COUNT -> plain(value);
            case RATIO -> percent(value);
            case TIMES -> plain(value) + "x";
        };
    }

    /** {@code 12.4ms}, {@code 7.2s}, {@code 31m}, {@code 5.5h}, {@code 3d}. */
    static String seconds(double seconds) {
        double size = Math.abs(seconds);
        if (size == 0) {
            return "0s";
        } else if (size < 1) {
            return cut(seconds * 1000, 1) + "ms";
        } else if (size < 120) {
            return cut(seconds, 1) + "s";
        } else if (size < 7200) {
            return cut(seconds / 60, 1) + "m";
        } else if (size < 172_800) {
            return cut(seconds / 3600, 1) + "h";
        }
        return cut(seconds / 86_400, 1) + "d";
    }

    /** {@code 0B}, {@code 16.7MB}, {@code 1GB}; of thousands, as the configuration has them. */
    static String bytes(double bytes) {
        double left = bytes;
        int unit = 0;
        while (Math.abs(left) >= 1000 && unit < BYTES.length - 1) {
            left /= 1000;
            unit++;
        }
        return cut(left, unit == 0 ? 0 : 1) + BYTES[unit];
    }

    /** {@code 62.5%}. */
    static String percent(double ratio) {
        return cut(ratio * 100, 1) + "%";
    }

    /** A part of a whole: {@code 62%}, below 10 with one digit more, {@code 2.5%}, below 1 with two, {@code 0.25%}. */
    static String share(double ratio) {
        double percent = ratio * 100 * (1 + 1e-9); // 0.29 is 29, which 28.999999999999996 is not
        return cut(percent, percent < 1 ? 2 : percent < 10 ? 1 : 0) + "%";
    }

    /** {@code 3}, {@code 0.625}: a limit as somebody wrote it. */
    static String plain(double value) {
        return cut(value, 6);
    }

    /** With so many digits after the point at most. */
    static String cut(double value, int digits) {
        if (!Double.isFinite(value)) {
            return value > 0 ? "more than can be counted" : "less than can be counted";
        }
        BigDecimal cut = BigDecimal.valueOf(value).setScale(digits, RoundingMode.DOWN);
        return cut.signum() == 0 ? "0" : cut.stripTrailingZeros().toPlainString();
    }
}
