package dev.sluice.throttle;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** The one level of a signal that somebody chose. */
final class CustomMeasurement {
    private static final String MEASURE = "limit";

    private CustomMeasurement() {}

    /** Of a number, shown as it is. */
    static List<Measurement> of(double value) throws IOException {
        if (!Double.isFinite(value)) {
            throw new IOException("it gives " + value + ", which is no number to be held against a limit");
        }
        return List.of(Measurement.of(MEASURE, "", value, text(value)));
    }

    /** Of something that is good or, whatever the limit, not. */
    static List<Measurement> of(boolean good, String text) {
        return List.of(new Measurement(MEASURE, "", good ? 0 : 1, text, Measurement.Better.LESS, !good));
    }

    /** With three decimals, or three digits where it is below one. */
    private static String text(double value) {
        double size = Math.abs(value);
        if (size >= 1e15) {
            return Double.toString(value);
        }
        BigDecimal exact = BigDecimal.valueOf(value);
        BigDecimal shown = size >= 1 ? exact.setScale(3, RoundingMode.HALF_UP) : exact.round(new MathContext(3));
        return shown.stripTrailingZeros().toPlainString();
    }
}
